// Toasts: rendered by the server, or sent with `HX-Trigger: {"toast": {"kind": "success", "text": "Saved"}}`.
import { icon, onEach, text } from "./page.js";

const icons = { success: "circle-check", error: "alert-circle", warning: "alert-triangle", info: "info-circle" };

/** Show a message; errors stay until closed. */
export function toast(message, kind = "info") {
  const region = document.getElementById("toasts");
  const item = document.createElement("div");
  item.className = `toast-item toast-${kind}`;
  const words = document.createElement("div");
  words.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", text("close"));
  close.textContent = "✕";
  item.append(icon(icons[kind] ?? icons.info), words, close);
  region?.append(item);
  setUp(item);
}

function setUp(item) {
  if (item.dataset.fsReady) return;
  item.dataset.fsReady = "1";
  item.querySelector(".toast-close")?.addEventListener("click", () => item.remove());
  if (item.classList.contains("toast-error")) return;
  // A pointer or focus on it stops the clock: nobody loses a message while reading it.
  let timer = setTimeout(() => item.remove(), 6000);
  const pause = () => clearTimeout(timer);
  const resume = () => { timer = setTimeout(() => item.remove(), 3000); };
  item.addEventListener("pointerenter", pause);
  item.addEventListener("focusin", pause);
  item.addEventListener("pointerleave", resume);
  item.addEventListener("focusout", resume);
}

export function start() {
  onEach(".toast-item", setUp);
  document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.kind));
  document.addEventListener("htmx:responseError", (event) => toast(event.detail.xhr.getResponseHeader("X-Message") ?? text("failed"), "error"));
  document.addEventListener("htmx:sendError", () => toast(text("offline"), "error"));
  document.addEventListener("htmx:timeout", () => toast(text("offline"), "error"));
}
