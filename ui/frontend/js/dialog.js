// One <dialog> for answers that need a look: a refused request's form, keyboard help. It closes when what it holds succeeds.
import { text } from "./page.js";

const dialog = () => document.getElementById("dialog");

/** Show the dialog with the title given. */
export function openDialog(title) {
  document.getElementById("dialog-title").textContent = title;
  if (!dialog().open) dialog().showModal();
}

export function start() {
  if (!dialog()) return;
  dialog().addEventListener("click", (event) => {
    if (event.target === dialog() || event.target.closest("[data-fs-close]")) dialog().close();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig: { elt } } = event.detail;
    const form = elt.closest?.("[data-fs-refused-in='dialog']");
    if (xhr.status === 422 && form) {
      event.detail.target = document.getElementById("dialog-body");
      event.detail.swapOverride = "innerHTML";
      event.detail.shouldSwap = true;
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { xhr, target, requestConfig: { elt } } = event.detail;
    if (target.id === "dialog-body") {
      const heading = target.querySelector("[data-fs-title]");
      openDialog(heading?.dataset.fsTitle ?? text("notPossible"));
      (target.querySelector("[aria-invalid='true'], [autofocus]") ?? target.querySelector("input:not([type=hidden]), select, textarea, button"))?.focus();
    } else if (xhr.status < 300 && dialog().open && dialog().contains(elt) && !elt.closest("[data-fs-stays]")) dialog().close();
  });
}
