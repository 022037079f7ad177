// Focus lands on something named: the first error of a page, and after a swap what the server marks or the swapped part itself.
import { onEach } from "./page.js";

function lost() {
  return !document.activeElement || document.activeElement === document.body;
}

function afterSwap(event) {
  if (!lost()) return;
  const target = event.detail.target;
  // What renews itself, as the count at the bell does, was asked for by nobody and takes no focus.
  if (!target?.isConnected || target.closest("dialog, [data-fs-quiet]")) return;
  const place = target.querySelector("[data-fs-focus], [aria-invalid='true'], [autofocus]") ?? target;
  if (!place.matches("a, button, input, select, textarea, [tabindex]")) place.tabIndex = -1;
  place.focus({ preventScroll: place === target });
}

export function start() {
  document.addEventListener("htmx:afterSettle", afterSwap);
  const refused = document.querySelector("[data-fs-error-summary]");
  const wrong = document.querySelector("form [aria-invalid='true']");
  (wrong?.tomselect?.control_input ?? wrong ?? refused)?.focus();
  onEach("select[data-fs-autosubmit], input[data-fs-autosubmit]", (control) => control.addEventListener("change", () => control.form.requestSubmit()));
  onEach(".path > .current", (step) => { step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.offsetLeft - 40; });
  onEach("[data-fs-print]", (button) => button.addEventListener("click", () => print()));
  onEach("[data-fs-error-summary] a", (link) => link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.tomselect?.control_input ?? field).focus();
  }));
}
