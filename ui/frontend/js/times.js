// <time data-fs-relative>: "3 hours ago" within a week, with the full time as its title; the server's text stays otherwise.
import { onEach } from "./page.js";

const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });

function show(element) {
  const seconds = (new Date(element.dateTime) - Date.now()) / 1000;
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 7 * 86400) return;
  element.title ||= element.textContent.trim();
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
  element.textContent = format.format(Math.trunc(seconds / size), unit);
}

export function start() {
  onEach("time[data-fs-relative]", show);
  setInterval(() => document.querySelectorAll("time[data-fs-relative]").forEach(show), 60_000);
}
