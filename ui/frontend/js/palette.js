// The palette: / and Ctrl-K open the search over any page; arrows move among what it found, Enter opens the first of it.
import htmx from "htmx.org";

const hits = (palette) => [...palette.querySelectorAll("[data-fs-hit]")];

function open(link) {
  htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#dialog-body", swap: "innerHTML" });
}

function onMove(event, palette) {
  const all = hits(palette);
  const field = palette.querySelector("input[type=search]");
  const at = all.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) field.focus();
    else all[Math.min(next, all.length - 1)]?.focus();
    event.preventDefault();
  } else if (event.key === "Enter" && event.target === field && !event.isComposing && field.value.trim() && all.length) {
    event.preventDefault();
    if (field.value === palette.dataset.found) all[0].click();
    else palette.dataset.opens = field.value;
  }
}

function onKey(event) {
  const palette = event.target.closest?.(".palette");
  if (palette) onMove(event, palette);
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const link = document.querySelector("[data-fs-palette]");
  if (!link || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  open(link);
}

/** Note for which words the hits are, and open the first where Enter came before them. */
function onFound(event) {
  const { target, requestConfig: { parameters } } = event.detail;
  const palette = target.closest?.(".palette");
  if (target.id !== "search-found" || !palette) return;
  palette.dataset.found = parameters?.get?.("q") ?? parameters?.q ?? "";
  if (palette.dataset.opens !== undefined && palette.dataset.opens === palette.dataset.found) hits(palette)[0]?.click();
  delete palette.dataset.opens;
}

export function start() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSwap", onFound);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-fs-palette]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
}
