// A matrix of classes with a count in each cell; a click, or Enter, chooses a cell, and another one none. Called again with
// new data whenever the page runs. Text goes in as textContent only: class names come from hostile data.

const ROOMY = 6; // columns that have room for a whole number
const matrices = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  if (!matrices.has(parentElement)) matrices.set(parentElement, create(parentElement));
  const matrix = matrices.get(parentElement);
  matrix.send = (value) => component.setStateValue("event", { number: (matrix.sent = Math.max(Date.now(), matrix.sent + 1)), value });
  matrix.chosen = data.chosen;
  if (JSON.stringify([data.names, data.cells]) !== matrix.drawn) draw(matrix, data);
  mark(matrix);
}

function create(parent) {
  const root = document.createElement("table");
  root.className = "matrix";
  root.setAttribute("role", "grid");
  parent.appendChild(root);
  const matrix = { root, sent: 0, drawn: "", at: "" };
  root.addEventListener("click", (event) => chose(matrix, event.target.closest("td")));
  root.addEventListener("keydown", (event) => keyed(matrix, event));
  return matrix;
}

function draw(matrix, data) {
  matrix.drawn = JSON.stringify([data.names, data.cells]);
  const { root } = matrix, cells = new Map(data.cells.map((cell) => [cell.value, cell]));
  const apart = data.cells.filter((cell) => !same(cell.value)).map((cell) => cell.count);
  const most = Math.max(1, ...apart);
  root.replaceChildren();
  root.setAttribute("aria-label", data.title);
  const head = root.insertRow();
  heading(head, "given ↓  predicted →", "corner");
  data.short.forEach((name, at) => heading(head, name, "above", data.names[at]));
  data.short.forEach((name, given) => {
    const row = root.insertRow();
    heading(row, name, "beside", data.names[given]);
    data.short.forEach((_, predicted) => {
      const value = `${given}-${predicted}`, cell = cells.get(value), node = row.insertCell();
      node.setAttribute("role", "gridcell");
      node.value = cell ? value : "";
      node.textContent = cell ? count(cell.count, data.short.length) : "";
      if (!cell) return;
      node.title = cell.words;
      node.setAttribute("aria-label", cell.words);
      node.classList.add(same(value) ? "same" : "apart");
      node.style.setProperty("--part", `${Math.round(8 + 62 * Math.sqrt(cell.count / most))}%`);
    });
  });
}

function heading(row, words, kind, whole = words) {
  const node = document.createElement("th"), inner = document.createElement("span");
  node.className = kind;
  node.title = whole;
  inner.textContent = words;
  inner.dir = "auto";
  node.append(inner);
  row.append(node);
}

// Four figures and more have no room in a cell; hovering says all of them.
function count(n, columns) {
  return n.toLocaleString("en", { notation: columns > ROOMY && n >= 1000 ? "compact" : "standard" });
}

function same(value) {
  const [given, predicted] = value.split("-");
  return given === predicted;
}

function mark(matrix) {
  const nodes = [...matrix.root.querySelectorAll("td")].filter((node) => node.value);
  const here = nodes.find((node) => node.value === (matrix.chosen || matrix.at)) ?? nodes[0];
  for (const node of nodes) {
    node.setAttribute("aria-selected", node.value === matrix.chosen);
    node.tabIndex = node === here ? 0 : -1;
  }
}

function chose(matrix, node) {
  if (!node?.value) return;
  matrix.at = node.value;
  matrix.chosen = node.value === matrix.chosen ? "" : node.value;
  mark(matrix);
  matrix.send(matrix.chosen);
}

// The arrow keys go to the next cell that holds a sample.
function keyed(matrix, event) {
  const node = event.target.closest("td");
  if (!node) return;
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (event.key === "Enter" || event.key === " ") chose(matrix, node);
  else if (!step) return;
  else {
    let [row, column] = [node.parentElement.rowIndex, node.cellIndex], next;
    do next = matrix.root.rows[(row += step[0])]?.cells[(column += step[1])];
    while (next?.tagName === "TD" && !next.value);
    if (next?.value) next.focus();
  }
  event.preventDefault();
}
