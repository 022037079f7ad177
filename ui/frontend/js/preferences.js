// Theme at once, without a reload; the form it belongs to works without scripts as well.
import { onEach } from "./page.js";

function apply(form, theme) {
  if (theme === "auto") delete document.documentElement.dataset.bsTheme;
  else document.documentElement.dataset.bsTheme = theme;
  for (const button of document.querySelectorAll("[data-fs-theme] button")) button.setAttribute("aria-pressed", String(button.value === theme));
  const body = new FormData(form);
  body.set("theme", theme);
  fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin" });
}

export function start() {
  onEach("[data-fs-theme]", (form) => form.addEventListener("submit", (event) => {
    if (!event.submitter) return;
    event.preventDefault();
    apply(form, event.submitter.value);
  }));
}
