"use strict";

const themes = {
  light: {
    ink: "#1b2430", soft: "#55606e", line: "#d9dee5", mark: "#1f5fae",
    heat: ["#eaf1fa", "#164d94"], split: ["#b5543c", "#f4f4f4", "#1f5fae"],
    category: ["#1f5fae", "#c2571a"],
  },
  dark: {
    ink: "#e8ecf1", soft: "#a5b0be", line: "#323c49", mark: "#6ea8ee",
    heat: ["#202c3b", "#9cc8ff"], split: ["#e58a6f", "#2a323d", "#7fb3f5"],
    category: ["#6ea8ee", "#f0a063"],
  },
};

function config(theme) {
  const colours = themes[theme];
  const labels = { labelColor: colours.ink, titleColor: colours.soft };
  return {
    background: "transparent",
    font: "system-ui, sans-serif",
    view: { stroke: "transparent" },
    mark: { color: colours.mark },
    rect: { color: colours.mark },
    rule: { color: colours.ink },
    axis: { ...labels, domainColor: colours.line, gridColor: colours.line, tickColor: colours.line, titleFontWeight: "normal" },
    legend: { ...labels, titleFontWeight: "normal" },
    range: { heatmap: colours.heat, diverging: colours.split, category: colours.category },
    autosize: { type: "fit-x", contains: "padding" },
  };
}

let drawn = [];

async function draw(theme) {
  drawn.forEach((view) => view.finalize());
  drawn = [];
  for (const plot of document.querySelectorAll(".plot")) {
    const spec = JSON.parse(plot.nextElementSibling.textContent);
    const own = config(theme);
    if (spec.autosize) delete own.autosize;
    const result = await vegaEmbed(plot, spec, {
      actions: false, renderer: "svg", config: own, tooltip: { theme },
    });
    drawn.push(result);
    // The container says what the picture shows, and its numbers are in a table.
    plot.querySelector("svg").setAttribute("aria-hidden", "true");
  }
  document.documentElement.dataset.drawn = theme;
}

function setTheme(theme) {
  const button = document.getElementById("theme");
  document.documentElement.dataset.theme = theme;
  button.setAttribute("aria-pressed", String(theme === "dark"));
  draw(theme);
}

function keptTheme() {
  // A page opened from a file may not be allowed to keep anything.
  try { return localStorage.getItem("theme"); } catch { return null; }
}

function keepTheme(theme) {
  try { localStorage.setItem("theme", theme); } catch { /* Then it is asked again. */ }
}

function sortKey(row, column) {
  const cell = row.cells[column];
  const data = cell.querySelector("data");
  if (!data) return cell.textContent.trim() === "n/a" ? null : cell.textContent.trim();
  const number = Number(data.value);
  return data.value !== "" && !Number.isNaN(number) ? number : data.value;
}

function sort(header) {
  const table = header.closest("table");
  const column = header.cellIndex;
  const up = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows].map((row) => [sortKey(row, column), row]);
  rows.sort(([a], [b]) => {
    // What is not known comes last, whichever way.
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b));
    return up ? order : -order;
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

document.getElementById("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  keepTheme(theme);
  setTheme(theme);
});
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sort(button.closest("th")));
}
const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
setTheme(keptTheme() ?? preferred);
