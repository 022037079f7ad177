// Warn before leaving a changed form, send a form once, Ctrl-Enter sends it.
import { onEach } from "./page.js";

const changed = new Set();
let leaving = false;

function setUp(form) {
  form.addEventListener("input", () => changed.add(form));
  form.addEventListener("change", (event) => { if (event.isTrusted) changed.add(form); });
  form.addEventListener("reset", () => changed.delete(form));
  form.addEventListener("submit", (event) => {
    if (form.dataset.fsSending) { event.preventDefault(); return; }
    form.dataset.fsSending = "1";
    leaving = true;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
}

export function start() {
  onEach("form[data-fs-form]", setUp);
  onEach("[data-fs-leave]", (link) => link.addEventListener("click", () => { leaving = true; }));
  addEventListener("beforeunload", (event) => {
    if (!leaving && [...changed].some((form) => form.isConnected)) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    leaving = false;
    for (const form of document.querySelectorAll("[data-fs-sending]")) delete form.dataset.fsSending;
  });
}
