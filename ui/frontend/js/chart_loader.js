// Fetches charts.js with the first chart that a page has; pages without one don't carry it.
const SELECTOR = "[data-fs-chart]";
let asked = false;

function look() {
  const chart = document.querySelector(SELECTOR);
  if (!chart) return;
  if (window.fsCharts) return window.fsCharts.draw();
  if (asked) return;
  asked = true;
  const script = document.createElement("script");
  script.src = chart.dataset.fsChartScript;
  script.addEventListener("error", () => { asked = false; });
  document.head.append(script);
}

export function start() {
  look();
  document.addEventListener("htmx:load", look);
}
