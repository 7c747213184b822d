// Bars over an axis, on which a range is drawn or a line is dragged, with the pointer or with the arrow keys. Called again
// with new data whenever the page runs; the nodes are kept, so that nothing jumps. Text goes in as textContent only.

const charts = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";
const CLICK = 4; // px; a pointer that moved less has clicked
const PAUSE = 180; // ms of quiet before keys are sent
const FAR = { PageUp: 10, PageDown: -10 };
const NEAR = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

export default function (component) {
  const { parentElement, data } = component;
  if (!charts.has(parentElement)) charts.set(parentElement, create(parentElement));
  const chart = charts.get(parentElement);
  chart.data = data;
  chart.send = (event) => component.setStateValue("event", { number: (chart.sent = Math.max(Date.now(), chart.sent + 1)), ...event });
  if (!chart.start && !chart.steps) chart.marks = [...data.marks]; // what is being dragged stays where it is
  draw(chart);
}

function create(parent) {
  const root = document.createElement("div");
  root.className = "histogram";
  const head = document.createElement("div");
  head.className = "head";
  const title = document.createElement("span");
  const words = document.createElement("span");
  words.className = "words";
  const clear = document.createElement("button");
  clear.textContent = "✕";
  clear.type = "button";
  head.append(title, words, clear);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("preserveAspectRatio", "none");
  const plot = document.createElement("div");
  plot.className = "plot";
  const area = document.createElement("div");
  area.className = "area";
  const handles = [0, 1].map((index) => {
    const handle = document.createElement("div");
    handle.className = "handle";
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.addEventListener("keydown", (event) => keyed(chart, index, event));
    return handle;
  });
  plot.append(area, svg, ...handles);
  const axis = document.createElement("div");
  axis.className = "axis";
  root.append(head, plot, axis);
  parent.appendChild(root);
  const chart = { root, title, words, clear, svg, plot, area, handles, axis, marks: [], start: null, steps: 0, sent: 0, timer: 0 };
  clear.addEventListener("click", () => told(chart, []));
  plot.addEventListener("pointerdown", (event) => pressed(chart, event));
  plot.addEventListener("pointermove", (event) => moved(chart, event));
  plot.addEventListener("pointerup", (event) => released(chart, event));
  plot.addEventListener("pointercancel", () => ((chart.start = null), draw(chart)));
  return chart;
}

function draw(chart) {
  const { data, marks, root, svg } = chart;
  root.style.setProperty("--height", `${data.height}px`);
  root.classList.toggle("line", data.kind === "line");
  chart.title.textContent = data.title;
  root.title = data.help;
  chart.plot.setAttribute("aria-label", data.title);
  const n = data.values.length - 1;
  const said = JSON.stringify([data.groups, n]);
  if (chart.said !== said) {
    chart.said = said;
    svg.setAttribute("viewBox", `0 0 ${n} 100`);
    svg.replaceChildren(...bars(data, n));
  }
  const on = data.kind === "line" ? marks.length === 1 : marks.length === 2;
  chart.clear.style.visibility = on && data.kind === "range" ? "visible" : "hidden";
  chart.clear.setAttribute("aria-label", `Take the range of ${data.title} away`);
  const [low, high] = data.kind === "line" ? [marks[0] ?? 1, 1] : on ? marks : [0, 1];
  chart.area.style.left = `${100 * low}%`;
  chart.area.style.width = `${100 * Math.max(high - low, 0)}%`;
  chart.area.style.display = on ? "block" : "none";
  chart.handles.forEach((handle, index) => {
    const at = [low, high][index];
    handle.style.display = data.kind === "line" && index ? "none" : "block";
    handle.style.left = `${100 * at}%`;
    handle.setAttribute("aria-label", data.kind === "line" ? data.title : `${index ? "Highest" : "Lowest"} ${data.title}`);
    handle.setAttribute("aria-valuemin", shortened(data.values[0]));
    handle.setAttribute("aria-valuemax", shortened(data.values[n]));
    handle.setAttribute("aria-valuenow", shortened(value(data, at)));
  });
  chart.words.textContent = chart.start || chart.steps ? moving(chart, low, high) : data.words;
  chart.axis.replaceChildren(...data.ticks.map(([at, words]) => tick(at, words)));
}

function moving(chart, low, high) {
  const { data } = chart;
  if (chart.steps) return `${chart.steps > 0 ? "+" : "−"}${Math.abs(chart.steps)}`;
  if (data.kind === "line") return `from ${shortened(value(data, low))}${data.unit}`;
  return `${shortened(value(data, low))}–${shortened(value(data, high))}${data.unit}`;
}

function bars(data, n) {
  const below = data.groups.some((group) => group.below);
  const base = below ? 64 : 100;
  const most = (of) => Math.max(1, ...data.groups.filter((group) => group.below === of).flatMap((group) => group.counts));
  const scaled = (count, top) => (count ? Math.max(0.03, data.log ? Math.log1p(count) / Math.log1p(top) : count / top) : 0);
  return data.groups.flatMap((group) =>
    Array.from({ length: n }, (_, index) => {
      const bar = document.createElementNS(SVG, "rect");
      const height = scaled(group.counts[index], most(group.below)) * (group.below ? 100 - base - 4 : base - 2);
      bar.setAttribute("x", index + 0.06);
      bar.setAttribute("width", 0.88);
      bar.setAttribute("y", group.below ? base + 3 : base - height);
      bar.setAttribute("height", height);
      bar.setAttribute("fill", group.colour);
      const title = document.createElementNS(SVG, "title");
      title.textContent = `${shortened(data.values[index])}–${shortened(data.values[index + 1])}${data.unit}: ${group.counts[index].toLocaleString("en")} ${group.name}`;
      bar.append(title);
      return bar;
    }),
  );
}

function tick(at, words) {
  const span = document.createElement("span");
  span.textContent = words;
  span.style.left = `${100 * at}%`;
  span.style.transform = `translateX(${at < 0.05 ? 0 : at > 0.95 ? -100 : -50}%)`;
  return span;
}

function value(data, at) {
  const place = Math.min(Math.max(at, 0), 1) * (data.values.length - 1);
  const index = Math.min(Math.floor(place), data.values.length - 2);
  return data.values[index] + (place - index) * (data.values[index + 1] - data.values[index]);
}

function shortened(number) {
  return Number(number.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

function at(chart, event) {
  const box = chart.plot.getBoundingClientRect();
  return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
}

function pressed(chart, event) {
  if (chart.data.disabled || event.button) return;
  event.preventDefault();
  chart.plot.setPointerCapture(event.pointerId);
  const here = at(chart, event);
  const near = (mark) => Math.abs(mark - here) * chart.plot.clientWidth < 8;
  const { marks } = chart;
  // The other end of a range stays where it is.
  const held = chart.data.kind === "range" && marks.length === 2 && marks.some(near) ? (near(marks[0]) ? marks[1] : marks[0]) : null;
  chart.start = { x: event.clientX, at: held ?? here, before: marks };
  if (chart.data.kind === "line") chart.marks = [here];
  chart.handles[0].focus({ preventScroll: true });
  draw(chart);
}

function moved(chart, event) {
  if (!chart.start) return;
  const here = at(chart, event);
  chart.marks = chart.data.kind === "line" ? [here] : [Math.min(chart.start.at, here), Math.max(chart.start.at, here)];
  draw(chart);
}

function released(chart, event) {
  if (!chart.start) return;
  const clicked = Math.abs(event.clientX - chart.start.x) < CLICK;
  const here = at(chart, event);
  const n = chart.data.values.length - 1;
  const bar = Math.min(Math.floor(here * n), n - 1);
  const { before } = chart.start;
  chart.start = null;
  if (chart.data.kind === "line") return told(chart, [here]);
  told(chart, clicked ? (String(before) === String([bar / n, (bar + 1) / n]) ? [] : [bar / n, (bar + 1) / n]) : chart.marks);
}

function told(chart, marks) {
  chart.marks = marks;
  draw(chart);
  chart.send({ marks, step: 0 });
}

// A line goes from sample to sample, which only the page knows; an end of a range from bar to bar.
function keyed(chart, index, event) {
  if (chart.data.disabled || event.ctrlKey || event.metaKey || event.altKey) return;
  const { data } = chart;
  if (event.key === "Escape" && data.kind === "range" && chart.marks.length) {
    event.preventDefault(); // it is not the gallery's
    return told(chart, []);
  }
  const step = (NEAR[event.key] ?? 0) * (event.shiftKey ? 10 : 1) + (FAR[event.key] ?? 0);
  if (!step) return;
  event.preventDefault();
  clearTimeout(chart.timer);
  chart.steps += step;
  if (data.kind === "line") {
    chart.timer = setTimeout(() => {
      const steps = chart.steps;
      chart.steps = 0;
      if (steps) chart.send({ marks: chart.marks, step: steps });
    }, PAUSE);
    return draw(chart);
  }
  chart.steps = 0;
  const n = data.values.length - 1;
  const marks = chart.marks.length === 2 ? [...chart.marks] : [0, 1];
  marks[index] = Math.min(Math.max(marks[index] + step / n, index ? marks[0] + 1 / n : 0), index ? 1 : marks[1] - 1 / n);
  chart.marks = marks;
  draw(chart);
  chart.timer = setTimeout(() => told(chart, chart.marks), PAUSE);
}
