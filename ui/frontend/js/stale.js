// A form asks the server for its state after each change. An answer to what a person has changed since would take that
// change back: it is let go, since the next question is on its way.
const changes = new WeakMap();
const asked = new WeakMap();

export function start() {
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form) changes.set(form, (changes.get(form) ?? 0) + 1);
  }, true);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt.matches("form[data-fs-form]")) asked.set(detail.xhr, changes.get(detail.elt) ?? 0);
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const form = detail.requestConfig?.elt;
    if (asked.has(detail.xhr) && asked.get(detail.xhr) !== (changes.get(form) ?? 0)) detail.shouldSwap = false;
  });
}
