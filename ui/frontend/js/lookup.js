// Lookup fields: a plain <select> becomes a picker that asks the server while one types.
import TomSelect from "tom-select/base";
import clearButton from "tom-select/plugins/clear_button/plugin.js";
import { onEach, text } from "./page.js";

TomSelect.define("clear_button", clearButton);

/** Fetch [{value, text, hint}] for what was typed; the server knows the form's other values through `include`. */
async function ask(select, typed, callback) {
  const url = new URL(select.dataset.fsLookup, location.href);
  url.searchParams.set("q", typed);
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json", "HX-Request": "true" }, credentials: "same-origin" });
    callback(answer.ok ? (await answer.json()).options : []);
  } catch {
    callback([]);
  }
}

function row(data, escape) {
  return `<div>${escape(data.text)}${data.hint ? `<small>${escape(data.hint)}</small>` : ""}</div>`;
}

function setUp(select) {
  const remote = select.dataset.fsLookup;
  // An answer that comes after a choice finds only what is chosen: nobody asked, so nothing is said over the form.
  const nothing = ({ input }) => (input || !picker.items.length ? `<div class="no-results">${text("nothingFound")}</div>` : null);
  const picker = new TomSelect(select, {
    plugins: select.multiple || select.getAttribute("aria-required") ? [] : { clear_button: { title: text("clear") } },
    maxOptions: 60, maxItems: select.multiple ? null : 1, allowEmptyOption: false, hideSelected: Boolean(remote),
    placeholder: select.dataset.fsPlaceholder ?? text("lookupPlaceholder"),
    valueField: "value", labelField: "text", searchField: remote ? [] : ["text"], sortField: remote ? [{ field: "$order" }] : undefined,
    preload: remote ? "focus" : false, loadThrottle: 180, closeAfterSelect: true, selectOnTab: true, refreshThrottle: 0,
    load: remote ? (typed, callback) => { picker.clearOptions((option) => picker.items.includes(option.value)); ask(select, typed, callback); } : undefined,
    shouldLoad: () => true,
    render: { option: row, item: (data, escape) => `<div>${escape(data.text)}</div>`, no_results: nothing },
    onChange: () => select.dispatchEvent(new Event("change", { bubbles: true })),
  });
  // The input people see carries label and state; the select below only holds the value.
  select.setAttribute("aria-hidden", "true");
  // Whoever brings the focus here means that input: keys pressed on the select would change it unseen.
  select.addEventListener("focus", () => picker.control_input.focus());
  if (document.activeElement === select) picker.control_input.focus();
  describe(select, picker);
}

/** Carry label, help and error of the select over to the input people really focus. */
function describe(select, picker) {
  for (const name of ["aria-describedby", "aria-invalid", "aria-required"]) {
    if (select.hasAttribute(name)) picker.control_input.setAttribute(name, select.getAttribute(name));
    else picker.control_input.removeAttribute(name);
  }
  picker.wrapper.classList.toggle("is-invalid", select.getAttribute("aria-invalid") === "true");
}

/** Bring a picker in line with the server's new select without rebuilding it. Return whether `current` was a picker. */
export function syncLookup(current, next) {
  if (!current.classList.contains("lookup") || !next.classList?.contains("lookup")) return false;
  const select = current.querySelector("select");
  const wanted = next.querySelector("select");
  if (!select?.tomselect || !wanted) return false;
  const picker = select.tomselect;
  for (const name of ["aria-describedby", "aria-invalid", "data-fs-lookup", "required", "disabled"]) {
    if (wanted.hasAttribute(name)) select.setAttribute(name, wanted.getAttribute(name));
    else select.removeAttribute(name);
  }
  const chosen = [...wanted.selectedOptions].filter((option) => option.value);
  for (const option of wanted.options) if (option.value) picker.addOption({ value: option.value, text: option.textContent.trim() });
  picker.setValue(chosen.map((option) => option.value), true);
  if (wanted.disabled) picker.disable(); else picker.enable();
  describe(select, picker);
  return true;
}

export function start() {
  onEach(".lookup > select", setUp);
}
