// Menus are <details class="menu">: one open at a time, closed by Escape or a press elsewhere, arrows move inside.
function closeAll(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except && !menu.contains(except)) menu.open = false;
}

function move(event, menu) {
  const entries = [...menu.querySelectorAll(".menu-item, .segmented button")].filter((entry) => entry.offsetParent);
  if (!entries.length || event.target.matches("input, select, textarea")) return;
  const at = entries.indexOf(document.activeElement);
  const next = event.key === "ArrowDown" ? at + 1 : at - 1;
  entries[(next + entries.length) % entries.length].focus();
  event.preventDefault();
}

export function start() {
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details.menu") ?? undefined;
    closeAll(menu);
    // Once chosen, a menu is done; it closes after the press has taken effect.
    if (menu && event.target.closest(".menu-item")) setTimeout(() => { menu.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); event.stopPropagation(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event, menu);
  });
}
