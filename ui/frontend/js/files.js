// Fields of files: sent when they are chosen or dropped, with progress; a signature is drawn on a pad.
// Without this file the form brings the files itself. What came in stands in the list with its box ticked.
import { announce, onEach, text } from "./page.js";

const headers = () => ({ "X-CSRFToken": document.querySelector('input[name="csrf_token"]')?.value ?? "", Accept: "application/json" });

/** Send one file; `told(part)` hears from 0 to 1 how much is gone. Resolve to the server's answer. */
function send(url, file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) told(event.loaded / event.total); });
    request.addEventListener("error", () => reject(new Error(text("uploadFailed"))));
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page: the status speaks */ }
      if (request.status === 201) resolve(answer);
      else reject(new Error(answer.errors?.[0]?.message ?? answer.detail ?? text("uploadFailed")));
    });
    const body = new FormData();
    body.append("file", file, file.name);
    request.send(body);
  });
}

function sizeText(size) {
  if (size < 1024) return `${size} B`;
  const [value, unit] = size < 1024 ** 2 ? [size / 1024, "kB"] : [size / 1024 ** 2, "MB"];
  return `${value.toFixed(1).replace(/\.0$/, "")} ${unit}`;
}

/** Write a file that came in as the server would. */
function item(field, file) {
  const row = document.createElement("li");
  row.id = `${field.id}-${file.id}`;
  const link = document.createElement("a");
  link.className = "file-chip";
  link.href = `/files/${file.id}`;
  if (["image/png", "image/jpeg", "image/gif", "image/webp"].includes(file.type)) {
    const picture = Object.assign(document.createElement("img"), { className: "file-thumb", src: `/files/${file.id}/small`, alt: "", width: 28, height: 28 });
    link.append(picture);
  }
  const name = document.createElement("span");
  name.textContent = file.name;
  link.append(name);
  const keep = document.createElement("label");
  keep.className = "check file-keep";
  const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", name: field.dataset.fsName, value: file.id, defaultChecked: true, checked: true });
  const word = document.createElement("span");
  word.textContent = text("keepFile");
  keep.append(box, word);
  const size = Object.assign(document.createElement("span"), { className: "muted small", textContent: sizeText(file.size) });
  row.append(link, size, keep);
  return row;
}

/** Untick what a new file takes the place of. */
function letGo(field) {
  if (field.hasAttribute("data-fs-many")) return;
  for (const box of field.querySelectorAll(".file-list input[type=checkbox]")) box.checked = false;
}

async function take(field, files) {
  const tools = field.querySelector(".file-tools");
  const list = field.querySelector(".file-list");
  for (const file of field.hasAttribute("data-fs-many") ? files : files.slice(0, 1)) {
    const note = document.createElement("p");
    note.className = "file-note";
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", file.name);
    note.append(bar, ` ${file.name}`);
    tools.append(note);
    try {
      const found = await send(field.dataset.fsFiles, file, (part) => { bar.value = part; });
      note.remove();
      letGo(field);
      list.append(item(field, found));
      announce(text("uploaded", { name: found.name }));
      // Focus that is nowhere would go to the form as a whole.
      if (document.activeElement === document.body) field.querySelector("input[type=file]").focus({ preventScroll: true });
      list.dispatchEvent(new Event("change", { bubbles: true }));
    } catch (fault) {
      note.className = "field-error";
      note.setAttribute("role", "alert");
      note.textContent = `${file.name}: ${fault.message}`;
    }
  }
}

function setUp(field) {
  const input = field.querySelector("input[type=file]");
  // What came in stands here only, until the form is saved: an answer on its way must not take it away.
  field.querySelector(".file-list").setAttribute("data-fs-keep", "");
  input.addEventListener("change", async (event) => {
    // The form's own listeners would send the file a second time.
    event.stopPropagation();
    const files = [...input.files];
    field.querySelectorAll(".file-tools > .field-error").forEach((note) => note.remove());
    await take(field, files);
    input.value = "";
  });
  field.addEventListener("dragover", (event) => { event.preventDefault(); field.classList.add("is-over"); });
  field.addEventListener("dragleave", () => field.classList.remove("is-over"));
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    field.classList.remove("is-over");
    take(field, [...event.dataTransfer.files]);
  });
  if (field.dataset.fsSign) drawPad(field, input);
}

/** A pad to sign on; what is drawn goes into the file input and travels with the form. */
function drawPad(field, input) {
  const tools = field.querySelector(".file-tools");
  const canvas = Object.assign(document.createElement("canvas"), { className: "sign-pad", width: 800, height: 260 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", field.dataset.fsSign);
  const hint = Object.assign(document.createElement("span"), { className: "sign-hint", textContent: field.dataset.fsSign });
  const clear = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: text("clear") });
  const frame = Object.assign(document.createElement("div"), { className: "sign-frame" });
  frame.append(canvas, hint);
  tools.append(frame, clear);
  const pen = canvas.getContext("2d");
  const wipe = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { strokeStyle: "#14161c", lineWidth: 4, lineCap: "round", lineJoin: "round" });
    hint.hidden = false;
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  let drawing = false;
  wipe();
  canvas.addEventListener("pointerdown", (event) => {
    drawing = true;
    hint.hidden = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...place(event));
    pen.lineTo(...place(event));
    pen.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    pen.lineTo(...place(event));
    pen.stroke();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => {
    if (!drawing) return;
    drawing = false;
    letGo(field);
    keep(canvas, input);
  });
  clear.addEventListener("click", () => { wipe(); input.value = ""; });
}

function keep(canvas, input) {
  const bytes = atob(canvas.toDataURL("image/png").split(",")[1]);
  const picture = new File([Uint8Array.from(bytes, (letter) => letter.charCodeAt(0))], "signature.png", { type: "image/png" });
  const bag = new DataTransfer();
  bag.items.add(picture);
  input.files = bag.files;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

export function start() {
  onEach("[data-fs-files]", setUp);
}
