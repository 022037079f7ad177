// Sidebar: off-canvas on phones (a :target link without scripts), hidden on request on desktops, remembered open groups.
import { onEach, store } from "./page.js";

const phone = matchMedia("(max-width: 860px)");

function open(sidebar) {
  if (phone.matches) {
    sidebar.classList.add("is-open");
    sidebar.querySelector(".sidebar-close")?.focus();
  } else {
    delete document.documentElement.dataset.sidebar;
    store.remove("fs-sidebar");
    sidebar.querySelector(".sidebar-hide")?.focus();
  }
}

function close(sidebar) {
  if (phone.matches) {
    sidebar.classList.remove("is-open");
    if (location.hash === "#sidebar") history.replaceState(null, "", location.pathname + location.search);
  } else {
    document.documentElement.dataset.sidebar = "closed";
    store.set("fs-sidebar", "closed");
  }
  document.querySelector(".sidebar-open")?.focus();
}

function remember(details) {
  const key = `fs-open:${details.dataset.fsRemember}`;
  const kept = store.get(key);
  // The branch that holds the current page is open whatever was kept.
  if (kept && !details.querySelector("[aria-current]")) details.open = kept === "1";
  details.addEventListener("toggle", () => store.set(key, details.open ? "1" : "0"));
}

export function start() {
  const sidebar = document.getElementById("sidebar");
  onEach("details[data-fs-remember]", remember);
  if (!sidebar) return;
  document.addEventListener("click", (event) => {
    if (event.target.closest(".sidebar-open")) { event.preventDefault(); open(sidebar); }
    else if (event.target.closest(".sidebar-close, .sidebar-hide, .sidebar-veil")) { event.preventDefault(); close(sidebar); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && phone.matches && sidebar.matches(".is-open, :target")) close(sidebar);
  });
}
