// Runs in <head>, before the first paint: says that scripts run, and keeps a closed sidebar closed.
const root = document.documentElement;
root.classList.remove("no-js");
try {
  if (localStorage.getItem("fs-sidebar") === "closed") root.dataset.sidebar = "closed";
} catch {
  // Storage may be forbidden; the sidebar is simply open then.
}
