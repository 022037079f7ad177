// Builds ui/static from these sources: app.css, app.js, icons.svg, manifest.json and the licences.
// Run by hand (`npm install && npm run build`) when a template uses a new Tabler class or icon; the results are committed.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";
import { iconNames } from "./icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const ui = join(here, "..");
const out = join(ui, "static");
const modules = join(here, "node_modules");
const bundled = ["@tabler/core", "@tabler/icons", "echarts", "htmx.org", "idiomorph", "sortablejs", "tom-select"];
// light-dark() and nesting stay as written: the browsers of spring 2024 and later.
const target = ["chrome123", "firefox120", "safari17.5"];

/** Tabler holds far more than we use: keep the classes our pages name, and the layout utilities any page may name. */
async function tablerSubset() {
  const kept = [
    /^(container|row|col|m|mt|mb|ms|me|mx|my|p|pt|pb|ps|pe|px|py|d|gap|g|gx|gy)(-(sm|md|lg|xl))?(-\d+|-auto|-none|-flex|-block|-grid|-inline|-inline-flex|-inline-block|-print-none|-print-block)?$/,
    /^(flex|justify-content|align-items|align-self|order)-/, /^(text|fw|w|h|min-w)-/, /^(list-unstyled|list-inline|visually-hidden)/,
    /^(border|rounded|overflow|position|sticky)(-\w+)?$/,
  ];
  const dropped = [/^(text|bg|border)-(bitbucket|facebook|flickr|github|google|instagram|pinterest|rss|tabler|twitter|vimeo|vk|x|youtube|dribbble|linkedin)/,
    /^(btn|was|is|table|alert|list-group|list-timeline|list-separated)(-|$)/, /^form-(imagecheck|colorinput|selectgroup|fieldset|floating|range)/, /^input-group/];
  // Where a class is ours, Tabler's rules for it would only fight with them; these few we build upon.
  const builtUpon = new Set(["form-select", "form-control", "form-check-input", "visually-hidden"]);
  const ours = [...new Set(ownCss().match(/\.[a-z][\w-]*/g))].map((name) => name.slice(1)).filter((name) => !builtUpon.has(name));
  dropped.push(new RegExp(`^(${ours.join("|")})$`));
  const [result] = await new PurgeCSS().purge({
    content: [join(ui, "templates/**/*.html"), join(ui, "**/*.py"), join(here, "js/*.js")],
    css: [{ raw: readFileSync(join(modules, "@tabler/core/dist/css/tabler.css"), "utf8") }],
    defaultExtractor: (text) => text.match(/[\w-]+/g) ?? [],
    safelist: { standard: kept, deep: [/^data-bs-theme$/] },
    blocklist: dropped,
    variables: true, keyframes: true,
  });
  return result.css;
}

function ownCss() {
  return readdirSync(join(here, "css")).sort().map((name) => readFileSync(join(here, "css", name), "utf8")).join("\n");
}

async function buildCss() {
  const tom = readFileSync(join(modules, "tom-select/dist/css/tom-select.css"), "utf8");
  const notice = "/*! Fieldstone. Holds parts of Tabler 1.6.1 (MIT) and Tom Select 2.6.2 (Apache-2.0); see licences/. */\n";
  const all = `${await tablerSubset()}\n${tom.replace(/\/\*# source.*/, "")}\n${ownCss()}`;
  const { code } = await esbuild.transform(all, { loader: "css", minify: true, target, legalComments: "none" });
  writeFileSync(join(out, "app.css"), notice + code);
}

async function buildJs() {
  await esbuild.build({
    entryPoints: { app: join(here, "js/app.js"), early: join(here, "js/early.js") },
    outdir: out, bundle: true, minify: true, format: "iife", target, charset: "utf8", legalComments: "none",
    // Idiomorph's htmx binding is our own few lines (js/morph.js): the shipped one compiles text, which the CSP forbids.
    banner: { js: "/*! Fieldstone. app.js holds htmx 2.0.11 (0BSD), Idiomorph 0.8.0 (0BSD), SortableJS 1.15.7 (MIT), Tom Select 2.6.2 (Apache-2.0); see licences/. */" },
  });
  // Loaded by app.js on pages with a chart only.
  await esbuild.build({
    entryPoints: { charts: join(here, "js/charts.js") },
    outdir: out, bundle: true, minify: true, format: "iife", target, charset: "utf8", legalComments: "none",
    banner: { js: "/*! Fieldstone. charts.js holds Apache ECharts 6.1.0 (Apache-2.0) with ZRender (BSD-3-Clause); see licences/. */" },
  });
}

function buildIcons() {
  const symbols = iconNames.map((name) => {
    const [style, file] = name.endsWith("-filled") ? ["filled", name.slice(0, -7)] : ["outline", name];
    const svg = readFileSync(join(modules, "@tabler/icons/icons", style, `${file}.svg`), "utf8");
    const body = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "").replace(/\s*\n\s*/g, "");
    const paint = style === "filled" ? 'fill="currentColor"' : 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
    return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${body}</symbol>`;
  });
  writeFileSync(join(out, "icons.svg"), `<!-- Tabler Icons 3.51.0, MIT, see licences/ --><svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`);
}

/** Copy each bundled package's licence text and write the list of versions. */
function copyLicences() {
  const folder = join(out, "licences");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lines = ["# Third-party parts of the built files", "", "| package | version | licence | text |", "| --- | --- | --- | --- |"];
  for (const name of [...bundled, "@orchidjs/sifter", "@orchidjs/unicode-variants", "zrender"]) {
    const info = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    const file = `${name.replace("@", "").replace("/", "-")}.txt`;
    const source = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
    if (source) copyFileSync(join(modules, name, source), join(folder, file));
    else copyFileSync(join(here, "licences", file), join(folder, file));
    if (existsSync(join(modules, name, "NOTICE"))) copyFileSync(join(modules, name, "NOTICE"), join(folder, file.replace(".txt", "-notice.txt")));
    lines.push(`| ${name} | ${info.version} | ${info.license} | ${file} |`);
  }
  writeFileSync(join(folder, "README.md"), lines.join("\n") + "\n");
}

function writeManifest() {
  const hashes = {};
  for (const name of ["app.css", "app.js", "charts.js", "early.js", "icons.svg", "icon.svg"]) {
    const data = readFileSync(join(out, name));
    hashes[name] = createHash("sha256").update(data).digest("hex").slice(0, 12);
    console.log(name.padEnd(10), data.length, "bytes,", gzipSync(data).length, "compressed");
  }
  writeFileSync(join(out, "manifest.json"), JSON.stringify({ files: hashes, icons: iconNames }) + "\n");
}

mkdirSync(out, { recursive: true });
await buildCss();
await buildJs();
buildIcons();
copyFileSync(join(here, "icon.svg"), join(out, "icon.svg"));
copyLicences();
writeManifest();
