// Calendar: an entry that is drawn to another day sends its own form with that day; a refused one goes back.
import Sortable from "sortablejs";
import { announce, onEach, text } from "./page.js";

let home = null; // {entry, list, before}: where the entry in motion came from

function goHome() {
  if (!home) return;
  home.list.insertBefore(home.entry, home.before?.parentElement === home.list ? home.before : null);
  home.entry.querySelector("form").reset();
  home = null;
}

function markOver(list) {
  for (const each of document.querySelectorAll(".cal-list.is-over")) each.classList.remove("is-over");
  list?.classList.add("is-over");
}

function send(entry, day) {
  const form = entry.querySelector("form[data-fs-move-day]");
  const control = form.querySelector("input[type=date], input[type=datetime-local]");
  control.value = control.type === "date" ? day : day + control.value.slice(10);
  form.requestSubmit();
}

function settle(event) {
  if (!event.detail.requestConfig.elt.matches?.("form[data-fs-move-day]")) return;
  if (event.detail.successful && event.detail.xhr.status !== 422) {
    announce(text("moved", { name: home?.entry.querySelector("a").textContent.trim() ?? "" }));
    home = null;
  } else goHome();
}

function setUp(list) {
  Sortable.create(list, {
    group: "calendar", sort: false, animation: 120, draggable: ".cal-entry:has(form)", filter: "summary, input, button, .menu-pop", preventOnFilter: false,
    delay: 160, delayOnTouchOnly: true, ghostClass: "is-ghost",
    onStart: (event) => { home = { entry: event.item, list: event.from, before: event.item.nextElementSibling }; },
    onMove: (event) => { markOver(event.to); },
    onEnd: (event) => {
      markOver(null);
      if (event.from === event.to) home = null; else send(event.item, event.to.dataset.day);
    },
  });
}

export function start() {
  onEach(".cal-grid .cal-list", setUp);
  document.addEventListener("htmx:afterRequest", settle);
}
