// Nothing typed is lost: a form's values are kept in this browser until it is saved, and offered again.
// Keyed by user and form id; passwords, files and anything under [data-fs-no-draft] are never kept; log-out clears them all.
import { icon, onEach, store, text } from "./page.js";

const user = document.body.dataset.user ?? "";
const keyOf = (form) => `fs-draft:${user}:${form.id}`;

function controls(form) {
  return [...form.elements].filter((element) => element.name && !element.closest("[data-fs-no-draft]") &&
    !["hidden", "password", "file", "submit", "button"].includes(element.type));
}

function read(form) {
  const values = {};
  for (const element of controls(form)) {
    if (element.type === "checkbox" || element.type === "radio") (values[element.name] ??= []).push(...(element.checked ? [[element.value, ""]] : []));
    else if (element.localName === "select") values[element.name] = [...element.selectedOptions].map((option) => [option.value, option.textContent.trim()]);
    else values[element.name] = [[element.value, ""]];
  }
  return values;
}

function write(form, values) {
  for (const element of controls(form)) {
    const kept = values[element.name];
    if (!kept) continue;
    if (element.type === "checkbox" || element.type === "radio") element.checked = kept.some(([value]) => value === element.value);
    else if (element.tomselect) {
      for (const [value, label] of kept) if (value) element.tomselect.addOption({ value, text: label });
      element.tomselect.setValue(kept.map(([value]) => value), true);
    } else if (element.localName === "select") for (const option of element.options) option.selected = kept.some(([value]) => value === option.value);
    else element.value = kept[0]?.[0] ?? "";
  }
  // One change event lets the server judge visible, required and read-only fields anew.
  controls(form)[0]?.dispatchEvent(new Event("change", { bubbles: true }));
}

function offer(form, draft) {
  const note = document.createElement("div");
  note.className = "alert alert-info";
  note.setAttribute("role", "status");
  const words = document.createElement("div");
  words.textContent = text("draftFound", { time: new Date(draft.at).toLocaleString(document.documentElement.lang) });
  const actions = document.createElement("div");
  actions.className = "alert-actions";
  for (const [label, act] of [["draftRestore", () => { write(form, draft.values); form.dispatchEvent(new Event("input", { bubbles: true })); }], ["draftDiscard", () => store.remove(keyOf(form))]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = text(label);
    button.addEventListener("click", () => { act(); note.remove(); });
    actions.append(button);
  }
  note.append(icon("history"), words, actions);
  form.prepend(note);
}

function setUp(form) {
  const key = keyOf(form);
  const initial = JSON.stringify(read(form));
  let draft = null;
  try { draft = JSON.parse(store.get(key)); } catch { store.remove(key); }
  // A form that came back with errors already shows what was typed.
  if (draft && !form.hasAttribute("data-fs-refused")) {
    if (JSON.stringify(draft.values) === initial) store.remove(key); else offer(form, draft);
  }
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const values = read(form);
      if (JSON.stringify(values) === initial) store.remove(key);
      else store.set(key, JSON.stringify({ at: Date.now(), values }));
    }, 300);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    store.set(key, JSON.stringify({ at: Date.now(), values: read(form) }));
    try { sessionStorage.setItem("fs-sent", JSON.stringify({ key, form: form.id })); } catch { /* the draft is offered once more */ }
  });
}

/** A sent form that is gone from the page was saved, unless this is a log-in or error page. */
function forgetSaved() {
  let sent = null;
  try { sent = JSON.parse(sessionStorage.getItem("fs-sent")); } catch { return; }
  if (!sent || document.body.hasAttribute("data-fs-unsaved") || !user) return;
  if (!document.getElementById(sent.form)) store.remove(sent.key);
  sessionStorage.removeItem("fs-sent");
}

export function start() {
  forgetSaved();
  onEach("form[data-fs-form]", setUp);
  onEach("form[data-fs-logout]", (form) => form.addEventListener("submit", () => {
    for (const key of store.keys()) if (key.startsWith(`fs-draft:${user}:`)) store.remove(key);
  }));
}
