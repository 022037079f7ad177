// The thin line on top while a request or a page change takes longer than a moment.
let running = 0;
let timer;

function show() {
  clearTimeout(timer);
  timer = setTimeout(() => document.documentElement.classList.add("is-busy"), 180);
}

function hide() {
  clearTimeout(timer);
  document.documentElement.classList.remove("is-busy");
}

export function start() {
  document.addEventListener("htmx:beforeRequest", () => { running += 1; show(); });
  document.addEventListener("htmx:afterRequest", () => { running = Math.max(0, running - 1); if (!running) hide(); });
  // A download never leaves the page, so the line ends by itself.
  addEventListener("beforeunload", () => { show(); setTimeout(hide, 8000); });
  addEventListener("pageshow", () => { running = 0; hide(); });
}
