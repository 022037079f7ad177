// Fields changed where they stand: a pencil, a double press, Enter or F2 puts a small form of the server into the cell of
// a list or the field of a record page; Escape or Cancel gives back what stood there. Arrows choose the current cell.
import htmx from "htmx.org";
import { icon, onEach, text } from "./page.js";
import { toast } from "./toasts.js";

const kept = new WeakMap();
const changed = new WeakSet();
const touch = matchMedia("(hover: none)");
let pencil;

const headOf = (cell) => cell?.closest("table")?.tHead?.rows[0]?.cells[cell.cellIndex];
const formOpen = () => document.querySelector("form.inline-form[hx-post]");

/** Return the cell of a list, changeable in place, that an element stands in. */
export function editedCell(element) {
  const cell = element?.closest?.("tr[data-fs-row] > td");
  return headOf(cell)?.dataset.fsEdited ? cell : null;
}

const placeOf = (element) => editedCell(element) ?? element?.closest?.("dd.edited-here");
const linkOf = (place) => place.querySelector(":scope > .edit-here");

function addressOf(place) {
  if (place.localName === "dd") return `${linkOf(place).getAttribute("href")}?fs-place=record`;
  const record = place.parentElement.querySelector(".row-link").getAttribute("href");
  // The answer is the row of this list and its total, so the list's own address travels along.
  return `${record}/field/${headOf(place).dataset.fsEdited}?fs-place=list${location.search.replace("?", "&")}`;
}

function firstControl(form) {
  const found = form.querySelector("[aria-invalid='true']") ?? form.querySelector("input:not([type=hidden]), select, textarea");
  return found?.tomselect?.control_input ?? found ?? form.querySelector("button");
}

/** Put the form for a place's field into it, unless another one holds what was typed. */
function open(place) {
  const other = formOpen();
  if (other) {
    if (place.contains(other)) return;
    if (changed.has(other)) { toast(text("saveFirst"), "warning"); firstControl(other).focus(); return; }
    close(other, false);
  }
  const address = addressOf(place);
  if (place.localName === "td") linkOf(place)?.remove();
  kept.set(place, [...place.childNodes]);
  getSelection()?.removeAllRanges();
  htmx.ajax("GET", address, { target: place, swap: "innerHTML" });
}

function close(form, focus = true) {
  const place = form.closest("td, dd");
  if (!place || !kept.has(place)) return false;
  place.replaceChildren(...kept.get(place));
  place.classList.remove("is-editing");
  if (touch.matches && place.localName === "td") addPencil(place);
  if (focus) focusPlace(place);
  return true;
}

function focusPlace(place) {
  if (place.localName === "dd") { linkOf(place)?.focus(); return; }
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

function makePencil() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "edit-here";
  button.append(icon("pencil"));
  return button;
}

function addPencil(cell, button = makePencil()) {
  button.setAttribute("aria-label", text("change", { field: cell.dataset.label }));
  cell.append(button);
}

/** Lists have hundreds of cells: one pencil goes with the pointer; where there is none, each cell has its own. */
function onPoint(event) {
  const cell = editedCell(event.target);
  if (!cell || touch.matches || cell.classList.contains("is-editing") || linkOf(cell)) return;
  pencil ??= Object.assign(makePencil(), { tabIndex: -1 });
  addPencil(cell, pencil);
}

function onClick(event) {
  const cancel = event.target.closest?.("[data-fs-cancel]");
  if (cancel && close(cancel.closest("form"))) { event.preventDefault(); return; }
  const button = event.target.closest?.(".edit-here");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open(placeOf(button));
}

function onDoubleClick(event) {
  const place = placeOf(event.target);
  if (place && !event.target.closest("a, button, form")) open(place);
}

/** Move among the cells that can be changed: along the row, or to the neighbouring row's cell. */
function move(cell, key) {
  const row = cell.parentElement;
  const cells = [...row.cells].filter(editedCell);
  const rows = [...row.parentElement.querySelectorAll(":scope > tr[data-fs-row]")];
  const along = { ArrowRight: 1, ArrowLeft: -1 }[key];
  const after = cells.filter((each) => each.cellIndex > cell.cellIndex);
  const before = cells.filter((each) => each.cellIndex < cell.cellIndex);
  const next = along ? (along > 0 ? after[0] : before.at(-1)) : rows[rows.indexOf(row) + (key === "ArrowDown" ? 1 : -1)]?.cells[cell.cellIndex];
  if (next) { focusPlace(next); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
}

function onKey(event) {
  const form = event.target.closest?.("form.inline-form");
  if (form) {
    if (event.key === "Escape" && !event.defaultPrevented && close(form)) event.preventDefault();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  const cell = event.target.closest?.("tr[data-fs-row] > td");
  if (!cell || !headOf(cell)?.closest("tr").querySelector("[data-fs-edited]") || event.altKey || event.ctrlKey || event.metaKey) return;
  const own = event.target === cell;
  if (event.key.startsWith("Arrow") && (own || event.target.matches(".row-link"))) { event.preventDefault(); move(cell, event.key); }
  else if (editedCell(cell) && (event.key === "F2" || (event.key === "Enter" && own))) { event.preventDefault(); open(cell); }
  else if (event.key === "Escape" && own) cell.parentElement.querySelector(".row-link")?.focus();
}

function onSettled(event) {
  const place = event.detail.target;
  const form = place?.querySelector?.(":scope > form.inline-form") ?? formOpen();
  if (!form || !(place.contains(form) || form.id === place.id)) return;
  // A form that came back holds what was typed.
  if (form.id === place.id) changed.add(form);
  form.closest("td, dd")?.classList.add("is-editing");
  const control = firstControl(form);
  control?.focus({ preventScroll: true });
  control?.select?.();
  form.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** After a save the row or page is new: the place that was changed has the focus again. */
function onSaved(event) {
  const form = event.detail.requestConfig?.elt;
  if (!form?.matches?.("form.inline-form") || event.detail.xhr.status !== 200) return;
  const place = form.closest("td, dd");
  const row = place?.closest("tr")?.id;
  const at = place?.cellIndex;
  const href = new URL(form.getAttribute("action"), location.href).pathname;
  document.addEventListener("htmx:afterSettle", () => {
    const found = row ? document.getElementById(row)?.cells[at] : document.querySelector(`.edit-here[href="${CSS.escape(href)}"]`)?.closest("dd");
    if (found) focusPlace(found);
  }, { once: true });
}

export function start() {
  document.addEventListener("mouseover", onPoint);
  document.addEventListener("click", onClick);
  document.addEventListener("dblclick", onDoubleClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", (event) => { const form = event.target.closest?.("form.inline-form"); if (form) changed.add(form); });
  document.addEventListener("change", (event) => { const form = event.target.closest?.("form.inline-form"); if (form) changed.add(form); });
  document.addEventListener("htmx:beforeSwap", onSaved);
  document.addEventListener("htmx:afterSettle", onSettled);
  onEach("tr[data-fs-row]", (row) => { if (touch.matches) for (const cell of row.cells) if (editedCell(cell)) addPencil(cell); });
}
