// What the other modules share: translated texts, the set-up registry, storage that may be missing, announcements.
const texts = JSON.parse(document.querySelector('meta[name="fs-texts"]')?.content ?? "{}");

/** Return a translated text, with {name} replaced. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Call `setUp(element)` once for each element matching `selector`, now and after every swap. */
export function onEach(selector, setUp) {
  const seen = new WeakSet();
  const run = (root) => {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) if (!seen.has(element)) { seen.add(element); setUp(element); }
  };
  run(document);
  document.addEventListener("htmx:load", (event) => run(event.detail.elt ?? document));
  document.addEventListener("htmx:afterSettle", () => run(document));
}

/** Say something to screen readers only. */
export function announce(message) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = message;
}

/** Local storage as a map; silently nothing where the browser forbids it. */
export const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* full or forbidden */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* forbidden */ } },
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
};

/** Make an SVG icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}
