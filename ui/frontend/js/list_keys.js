// Lists: j and k move, Enter opens (the row's own link), Space shows it beside the list, x selects, the head's box selects
// the page; a press on a row opens it.
import htmx from "htmx.org";
import { editedCell } from "./inline_edit.js";
import { onEach, text } from "./page.js";

const DOUBLE = 260;
let opening;

const rows = () => [...document.querySelectorAll("tr[data-fs-row]")];

function focusRow(row) {
  for (const other of document.querySelectorAll("tr.is-current")) other.classList.remove("is-current");
  row.classList.add("is-current");
  row.querySelector(".row-link")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** Handle a list key. Return whether it was one. */
export function listKey(event) {
  if (!["j", "k", "x", " "].includes(event.key) || !rows().length) return false;
  const current = document.querySelector("tr.is-current");
  if (event.key === " ") {
    const link = current?.querySelector(".row-link");
    if (!link || event.target.matches?.("input, button, summary")) return false;
    htmx.ajax("GET", `${link.getAttribute("href")}/peek`, { source: link, target: "#dialog-body", swap: "innerHTML" });
    return true;
  }
  if (event.key === "x") {
    current?.querySelector(".col-check input")?.click();
    return true;
  }
  const at = rows().indexOf(current) + (event.key === "j" ? 1 : -1);
  focusRow(rows()[Math.max(0, Math.min(at, rows().length - 1))]);
  return true;
}

function showSelection(page) {
  const boxes = [...page.querySelectorAll("td.col-check input")];
  const count = boxes.filter((box) => box.checked).length;
  page.classList.toggle("has-selection", count > 0);
  for (const place of page.querySelectorAll("[data-fs-selected]")) place.textContent = text("selected", { count });
  const all = page.querySelector("[data-fs-check-all]");
  if (all) { all.checked = count > 0 && count === boxes.length; all.indeterminate = count > 0 && count < boxes.length; }
}

function onChange(event) {
  const page = event.target.closest?.(".list-page");
  if (!page || !event.target.matches("[data-fs-check-all], td.col-check input")) return;
  if (event.target.matches("[data-fs-check-all]")) for (const box of page.querySelectorAll("td.col-check input")) box.checked = event.target.checked;
  showSelection(page);
}

function onClick(event) {
  // The second press of two, which marks a word, changes the cell; one alone opens the record.
  clearTimeout(opening);
  const row = event.target.closest?.("tr[data-fs-row]");
  if (!row || event.target.closest("a, button, input, label, summary, select, form") || String(getSelection())) return;
  const link = row.querySelector(".row-link");
  if (event.target.closest(".col-check")) row.querySelector(".col-check input")?.click();
  else if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
  else if (editedCell(event.target)) {
    if (event.detail < 2) opening = setTimeout(() => { if (link?.isConnected) link.click(); }, DOUBLE);
  } else link?.click();
}

export function start() {
  document.addEventListener("change", onChange);
  document.addEventListener("click", onClick);
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("tr[data-fs-row]");
    if (row && !row.classList.contains("is-current")) {
      for (const other of document.querySelectorAll("tr.is-current")) other.classList.remove("is-current");
      row.classList.add("is-current");
    }
  });
  onEach(".list-page", showSelection);
}
