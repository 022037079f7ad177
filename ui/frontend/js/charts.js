// Draws the charts of reports from the figures in data-fs-chart; the table beside a chart says the same.
import { BarChart, FunnelChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, FunnelChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const HUES = ["indigo", "teal", "amber", "pink", "cyan", "green", "orange", "purple", "red", "lime", "blue"];
const drawn = new Map();

/** The colours of the page in a canvas: what a token is worth here and now. */
function palette(element) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const style = getComputedStyle(probe);
  const token = (name) => { probe.style.color = `var(${name})`; return style.color; };
  const found = { text: token("--fs-text"), soft: token("--fs-text-2"), line: token("--fs-line"), back: token("--fs-bg-raised") };
  found.hue = {};
  for (const hue of [...HUES, "gray", "azure", "yellow"]) {
    probe.className = `pill pill-${hue}`;
    found.hue[hue] = token("--c-dot");
  }
  found.hues = HUES.map((hue) => found.hue[hue]);
  probe.remove();
  return found;
}

function tooltip(colours) {
  // Drawn on the canvas: markup with styles is not allowed on our pages.
  return {
    renderMode: "richText", confine: true, backgroundColor: colours.back, borderColor: colours.line,
    textStyle: { color: colours.text, fontFamily: "inherit" },
  };
}

function cartesian(data, colours, language) {
  const flat = data.kind === "bar";
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const labels = { color: colours.soft, hideOverlap: true, overflow: "truncate", width: flat ? 130 : undefined };
  const names = { type: "category", data: data.categories, inverse: flat, axisLabel: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } };
  const values = { type: "value", axisLabel: { color: colours.soft, hideOverlap: true, formatter: (value) => compact.format(value) }, splitLine: { lineStyle: { color: colours.line } } };
  const stacked = data.series.length > 1 && data.kind !== "line";
  return {
    grid: { left: 8, right: 16, top: data.series.length > 1 ? 36 : 12, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: flat ? values : names,
    yAxis: flat ? names : values,
    tooltip: {
      ...tooltip(colours), trigger: "axis", axisPointer: { type: data.kind === "line" || data.kind === "area" ? "line" : "shadow" },
      formatter: (points) => [points[0].name, ...points.filter((each) => each.data.text).map((each) => `${each.seriesName}: ${each.data.text}`)].join("\n"),
    },
    series: data.series.map((each, index) => ({
      name: each.name, color: colours.hue[data.colors[index]], stack: stacked ? "all" : undefined, barMaxWidth: 44, symbolSize: 7,
      type: data.kind === "line" || data.kind === "area" ? "line" : "bar",
      areaStyle: data.kind === "area" ? { opacity: .25 } : undefined,
      data: points(each),
    })),
  };
}

function points(series, names) {
  return series.values.map((value, index) => ({ value, text: series.texts[index], href: series.hrefs[index], name: names?.[index] }));
}

function whole(data, colours) {
  const [series] = data.series;
  const pie = data.kind === "pie";
  const shape = pie ? { type: "pie", radius: ["42%", "72%"] } : { type: "funnel", sort: "none", left: 0, right: "45%", top: 8, bottom: 8, gap: 2 };
  const shown = { ...series, values: series.values.map((value) => Math.max(value ?? 0, 0)) };
  const label = pie ? { color: colours.soft, formatter: (point) => `${Math.round(point.percent)} %` } : { color: colours.text, position: "right", formatter: (point) => `${point.name} · ${point.data.text}` };
  return {
    tooltip: { ...tooltip(colours), trigger: "item", formatter: (point) => `${point.name}: ${point.data.text}${pie ? ` (${Math.round(point.percent)} %)` : ""}` },
    series: [{ name: series.name, ...shape, itemStyle: { borderColor: colours.back, borderWidth: 2 }, label, data: points(shown, data.categories).map((point, index) => ({ ...point, itemStyle: { color: colours.hue[data.colors[index]] } })) }],
  };
}

function options(element) {
  const data = JSON.parse(element.dataset.fsChart);
  const colours = palette(element);
  const own = data.kind === "pie" || data.kind === "funnel" ? whole(data, colours) : cartesian(data, colours, document.documentElement.lang);
  const legend = data.series.length > 1 || data.kind === "pie";
  return {
    color: colours.hues, animation: !matchMedia("(prefers-reduced-motion: reduce)").matches && element.dataset.fsDrawn !== "true", animationDuration: 300,
    textStyle: { fontFamily: getComputedStyle(element).fontFamily, color: colours.text },
    legend: legend ? { type: "plain", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, textStyle: { color: colours.soft } } : undefined,
    ...own,
  };
}

function open(point) {
  // A click goes where the figure's link in the table goes.
  if (point.data?.href) window.location.assign(point.data.href);
}

export function draw() {
  for (const [element, chart] of drawn) {
    if (element.isConnected) continue;
    chart.dispose();
    drawn.delete(element);
  }
  for (const element of document.querySelectorAll("[data-fs-chart]")) {
    let chart = drawn.get(element);
    if (!chart) {
      chart = init(element, null, { renderer: "canvas" });
      chart.on("click", open);
      new ResizeObserver(() => { if (element.isConnected) chart.resize(); }).observe(element);
      drawn.set(element, chart);
    }
    chart.setOption(options(element), true);
    element.dataset.fsDrawn = "true";
  }
}

window.fsCharts = { draw };
new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
