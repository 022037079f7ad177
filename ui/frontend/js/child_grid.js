// Grids of child rows: the button that asks the server for empty rows adds one at once instead.
import { onEach } from "./page.js";

export function start() {
  onEach("[data-fs-add-row]", (button) => {
    button.addEventListener("click", (event) => {
      const grid = button.closest("[data-fs-grid]");
      const template = grid?.querySelector("template");
      if (!template) return;
      event.preventDefault();
      const place = Number(grid.dataset.fsGrid);
      grid.dataset.fsGrid = String(place + 1);
      const body = grid.querySelector("tbody");
      body.insertAdjacentHTML("beforeend", template.innerHTML.replaceAll("__row__", String(place)));
      const row = body.lastElementChild;
      document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: row } }));
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
  });
}
