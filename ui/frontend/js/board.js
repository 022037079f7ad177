// Board: a card moves by drag, touch, keys or menu, and each way presses the same button of the card's own form.
// Keys on a card: Space lifts it, left and right choose a column, Space or Enter drops, Escape puts it back.
import Sortable from "sortablejs";
import { announce, onEach, text } from "./page.js";
import { toast } from "./toasts.js";

let home = null; // {card, list, before}: where the card in motion came from
let lifted = null;

const listOf = (card) => card.closest(".board-list");
const nameOf = (card) => card.querySelector(".board-card-title")?.textContent.trim() ?? "";
const columnName = (list) => list.closest(".board-col").querySelector("h2").textContent.trim();

function leaveHome(card) {
  home = { card, list: listOf(card), before: card.nextElementSibling };
}

function goHome() {
  if (!home) return;
  home.list.insertBefore(home.card, home.before?.parentElement === home.list ? home.before : null);
  home.card.classList.remove("is-sending");
  home = null;
}

/** Press the button of the card's form that stands for the column it lies in now. */
function send(card) {
  const value = listOf(card).dataset.value;
  const button = [...card.querySelectorAll("form[data-fs-move] button")].find((each) => each.value === value);
  if (!button) {
    toast(text("moveNotAllowed", { name: nameOf(card), column: columnName(listOf(card)) }), "error");
    goHome();
    card.focus();
    return;
  }
  card.classList.add("is-sending");
  button.click();
}

function settle(event) {
  const form = event.detail.requestConfig.elt;
  if (!form.matches?.("form[data-fs-move]")) return;
  const card = home?.card ?? form.closest(".board-card");
  if (event.detail.successful && event.detail.xhr.status !== 422) {
    announce(text("moved", { name: nameOf(card) }));
    home = null;
  } else {
    goHome();
    card.classList.add("is-refused");
    setTimeout(() => card.classList.remove("is-refused"), 4000);
  }
  card.classList.remove("is-sending");
}

function setUpList(list) {
  Sortable.create(list, {
    group: "board", sort: false, animation: 120, draggable: ".board-card", filter: "a, button, summary, input, .menu-pop", preventOnFilter: false,
    delay: 160, delayOnTouchOnly: true, ghostClass: "is-ghost", scrollSensitivity: 90,
    onStart: (event) => leaveHome(event.item),
    onMove: (event) => { markOver(event.to); },
    onEnd: (event) => {
      markOver(null);
      if (event.from === event.to) home = null; else send(event.item);
    },
  });
}

function markOver(list) {
  for (const column of document.querySelectorAll(".board-col.is-over")) column.classList.remove("is-over");
  list?.closest(".board-col").classList.add("is-over");
}

function neighbour(list, step) {
  const lists = [...document.querySelectorAll(".board-list")];
  return lists[lists.indexOf(list) + step];
}

function lift(card) {
  lifted = card;
  leaveHome(card);
  card.classList.add("is-lifted");
  announce(text("lifted", { name: nameOf(card), column: columnName(listOf(card)) }));
}

function drop(card, keep) {
  lifted = null;
  card.classList.remove("is-lifted");
  markOver(null);
  if (!keep || listOf(card) === home?.list) { goHome(); announce(text("putBack", { name: nameOf(card) })); } else send(card);
  card.focus();
}

function keyOnLifted(event, card) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) {
    const to = neighbour(listOf(card), step);
    if (to) { to.prepend(card); markOver(to); card.focus(); card.scrollIntoView({ block: "nearest", inline: "nearest" }); announce(columnName(to)); }
  } else if (event.key === " " || event.key === "Enter") drop(card, true);
  else if (event.key === "Escape" || event.key === "Tab") drop(card, false);
  else return;
  if (event.key !== "Tab") event.preventDefault();
}

function keyOnCard(event, card) {
  const column = listOf(card);
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  let to = null;
  if (event.key === "ArrowDown") to = card.nextElementSibling;
  else if (event.key === "ArrowUp") to = card.previousElementSibling;
  else if (step) { let next = neighbour(column, step); while (next && !next.children.length) next = neighbour(next, step); to = next?.children[0]; }
  else if (event.key === " ") lift(card);
  else if (event.key === "Enter") card.querySelector("a.board-card-title")?.click();
  else return;
  to?.focus();
  event.preventDefault();
}

export function start() {
  onEach(".board-list", setUpList);
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".board-card")) return;
    if (lifted) keyOnLifted(event, lifted); else keyOnCard(event, event.target);
  });
  document.addEventListener("htmx:afterRequest", settle);
}
