// Charts of a schedule, drawn from the rows of the table below them. Drag to zoom, or use the buttons.
/* global uPlot */
const section = document.querySelector("[data-plots]");
const ZOOMS = [["All", 0], ["Last 50", 50], ["Last 20", 20]];
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plots = new Map();
let shown = 0; // the last so many; 0: all; null: what somebody has zoomed into by hand
let moving = false;

function words(seconds) {
  if (!seconds) return "0";
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? UNITS.at(-1);
  const value = seconds / size;
  return `${value < 10 && size !== 0.001 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}

// Times, values of the runs that went well, and of the others; oldest first.
function columns(name) {
  const rows = [...section.querySelectorAll("[data-plotted] tr")].reverse().filter((row) => name in row.dataset);
  const value = (row) => Number(row.dataset[name]);
  const isBad = (row) => row.dataset.kind === "bad";
  return [
    rows.map((row) => Date.parse(row.dataset.at) / 1000),
    rows.map((row) => (isBad(row) ? null : value(row))),
    rows.map((row) => (isBad(row) ? value(row) : null)),
  ];
}

// Failures are crosses: not told by their colour alone.
function crosses(plot) {
  const { ctx } = plot;
  const arm = 4 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left - arm, plot.bbox.top - arm, plot.bbox.width + 2 * arm, plot.bbox.height + 2 * arm);
  ctx.clip();
  ctx.strokeStyle = colour("--bad-mark");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  plot.data[2].forEach((value, at) => {
    if (value === null) return;
    const [x, y] = [plot.valToPos(plot.data[0][at], "x", true), plot.valToPos(value, "y", true)];
    ctx.moveTo(x - arm, y - arm); ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x + arm, y - arm); ctx.lineTo(x - arm, y + arm);
  });
  ctx.stroke();
  ctx.restore();
}

// What half of the runs, and 95% of them, stay within.
function levels(plot, figure) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const [level, dash] of [[figure.dataset.half, []], [figure.dataset.most, [4, 4]]]) {
    const y = Math.round(plot.valToPos(Number(level), "y", true)) + 0.5;
    if (y < bbox.top) continue;
    ctx.strokeStyle = colour("--edge");
    ctx.setLineDash(dash.map((one) => one * devicePixelRatio));
    ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
  }
  ctx.restore();
}

function options(host, width) {
  const figure = host.closest("figure");
  const axis = { stroke: () => colour("--faint"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const said = figure.querySelector("output") ?? figure.appendChild(Object.assign(document.createElement("output"), { id: `said-${host.dataset.plot}` }));
  said.setAttribute("data-keep", "");
  return {
    width, height: 190, legend: { show: false }, padding: [12, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), section.dataset.zone === "UTC" ? "Etc/UTC" : section.dataset.zone),
    cursor: { y: false, drag: { x: true, y: false }, sync: { key: "rota" }, points: { show: false } },
    scales: { y: { range: (plot, low, high) => [0, Math.max(high, host.dataset.plot === "late" ? 1 : 0.001) * 1.08] } },
    axes: [{ ...axis, space: 70, values: [
      [86400 * 28, "{MMM} {YYYY}", null, null, null, null, null, null, 1], [86400, "{D} {MMM}", null, null, null, null, null, null, 1],
      [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1], [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
    ] }, { ...axis, size: 58, values: (plot, values) => values.map(words) }],
    series: [{}, { stroke: () => colour("--good-mark"), width: 1.25, spanGaps: true, points: { show: true, size: 4, fill: () => colour("--good-mark") } }, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [(plot) => levels(plot, figure), crosses],
      setCursor: [(plot) => {
        const at = plot.cursor.idx;
        const [good, bad] = [plot.data[1][at], plot.data[2][at]];
        const time = at == null ? "" : new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: section.dataset.zone }).format(plot.data[0][at] * 1000);
        said.textContent = at == null ? "" : `${time}: ${words(good ?? bad)}${bad === null ? "" : ", failed"}`;
      }],
      setScale: [(plot, key) => {
        if (key !== "x" || moving) return;
        moving = true;
        press(null);
        const { min, max } = plot.scales.x;
        for (const other of plots.values()) if (other !== plot) other.setScale("x", { min, max });
        moving = false;
      }],
    },
  };
}

function press(count) {
  shown = count;
  for (const button of section.querySelectorAll("[data-zooms] button")) button.setAttribute("aria-pressed", String(button.value === String(count)));
}

function zoom(count) {
  press(count);
  moving = true;
  for (const plot of plots.values()) {
    const times = plot.data[0];
    if (times.length) plot.setScale("x", { min: times.at(count ? -Math.min(count, times.length) : 0), max: times.at(-1) });
  }
  setTimeout(() => { moving = false; }); // uPlot tells of it in a microtask
}

function draw() {
  for (const host of section.querySelectorAll("[data-plot]")) {
    const data = columns(host.dataset.plot);
    const known = plots.get(host.dataset.plot);
    if (known) known.setData(data, shown !== null);
    else plots.set(host.dataset.plot, new uPlot(options(host, host.clientWidth), data, host));
  }
  if (shown !== null) zoom(shown);
}

if (section) {
  const zooms = section.querySelector("[data-zooms]");
  const many = section.querySelectorAll("[data-plotted] tr").length;
  for (const [label, count] of ZOOMS.filter(([, count]) => count < many)) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "tiny", value: count, textContent: label });
    button.addEventListener("click", () => zoom(count));
    zooms.append(button);
  }
  draw();
  new MutationObserver(draw).observe(section.querySelector("[data-plotted]"), { childList: true, subtree: true, attributes: true });
  new ResizeObserver(() => {
    for (const [name, plot] of plots) plot.setSize({ width: section.querySelector(`[data-plot="${name}"]`).clientWidth, height: plot.height });
  }).observe(section);
  const again = () => { for (const plot of plots.values()) plot.redraw(false, true); };
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}
