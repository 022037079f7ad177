// Page keys: any element with data-fs-key="c" (or "g h") is pressed by that key, fields are focused; ? lists them. Never inside inputs.
import { listKey } from "./list_keys.js";
import { openDialog } from "./dialog.js";
import { text } from "./page.js";

let prefix = "";
let timer;

const typing = (target) => target.isContentEditable || target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, .ts-wrapper, dialog[open]");

function find(keys) {
  return [...document.querySelectorAll(`[data-fs-key="${CSS.escape(keys)}"]`)].find((element) => element.offsetParent !== null);
}

function entry(list, keys, label) {
  const row = document.createElement("li");
  const words = document.createElement("div");
  words.className = "rows-main";
  words.textContent = label;
  const caps = document.createElement("span");
  for (const key of keys.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    caps.append(cap, " ");
  }
  row.append(words, caps);
  list.append(row);
}

function showHelp() {
  const body = document.getElementById("dialog-body");
  const list = document.createElement("ul");
  list.className = "rows";
  if (document.querySelector("tr[data-fs-row]")) for (const key of ["j", "k", "x", "Space"]) entry(list, key, text(`key_${key === "Space" ? "peek" : key}`));
  if (document.querySelector("[data-fs-edited]")) entry(list, "F2", text("key_edit"));
  if (document.querySelector(".board-card")) entry(list, "Space", text("key_space"));
  for (const element of document.querySelectorAll("[data-fs-key]")) entry(list, element.dataset.fsKey, element.dataset.fsKeyLabel ?? (element.textContent.trim() || element.getAttribute("aria-label")));
  if (document.querySelector("form[data-fs-form]")) entry(list, "Ctrl Enter", text("key_send"));
  entry(list, "?", text("key_help"));
  body.replaceChildren(list);
  openDialog(text("keys"));
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "?") { showHelp(); event.preventDefault(); return; }
  const keys = prefix + event.key;
  prefix = "";
  const element = find(keys);
  if (element) {
    event.preventDefault();
    if (element.matches("input, select, textarea")) { element.focus(); element.select?.(); } else element.click();
  } else if (event.key === "g") {
    prefix = "g ";
    clearTimeout(timer);
    timer = setTimeout(() => { prefix = ""; }, 1200);
  } else if (!event.target.matches?.(".board-card") && listKey(event)) event.preventDefault();
}

export function start() {
  document.addEventListener("keydown", onKey);
}
