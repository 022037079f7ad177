// hx-swap="morph": Idiomorph as an htmx extension without compiling text, keeping what a person is typing and picked lookups.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";
import { syncLookup } from "./lookup.js";

Idiomorph.defaults.ignoreActiveValue = true;
Idiomorph.defaults.callbacks.beforeNodeMorphed = (current, next) => {
  if (current.nodeType !== Node.ELEMENT_NODE) return true;
  if (current.hasAttribute("data-fs-keep")) return false;
  // The page decides whether a menu or section is open, not the server.
  if (current.localName === "details" && next.localName === "details") next.open = current.open;
  return !syncLookup(current, next);
};

const styles = { morph: "outerHTML", "morph:outerHTML": "outerHTML", "morph:innerHTML": "innerHTML" };

htmx.defineExtension("morph", {
  isInlineSwap: (swap) => styles[swap] === "outerHTML",
  handleSwap(swap, target, fragment) {
    return styles[swap] ? Idiomorph.morph(target, fragment.children, { morphStyle: styles[swap] }) : false;
  },
});
