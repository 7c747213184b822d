// A list of groups with how many are in each, as bars; a click shows one group alone, another click all of them. Called
// again with new data whenever the page runs; the nodes are kept, so that the list stays where it was scrolled to. Text
// goes in as textContent only: class names come from hostile data.

const lists = new WeakMap();
const MANY = 15; // rows; above, there is a field to search them

export default function (component) {
  const { parentElement, data } = component;
  if (!lists.has(parentElement)) lists.set(parentElement, create(parentElement));
  const list = lists.get(parentElement);
  list.send = (value) => component.setStateValue("event", { number: (list.sent = Math.max(Date.now(), list.sent + 1)), value });
  list.data = data;
  list.chosen = data.chosen;
  draw(list);
}

function create(parent) {
  const root = document.createElement("div");
  root.className = "tally";
  const head = document.createElement("div");
  head.className = "head";
  const title = document.createElement("span");
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search";
  head.append(title, search);
  const rows = document.createElement("div");
  rows.className = "rows";
  rows.setAttribute("role", "listbox");
  root.append(head, rows);
  parent.appendChild(root);
  const list = { root, title, search, rows, nodes: new Map(), sent: 0 };
  search.addEventListener("input", () => draw(list));
  search.addEventListener("keydown", (event) => event.stopPropagation());
  rows.addEventListener("click", (event) => chose(list, event.target.closest(".row")));
  rows.addEventListener("keydown", (event) => keyed(list, event));
  return list;
}

function draw(list) {
  const { data, nodes, rows } = list;
  list.title.textContent = data.title;
  rows.setAttribute("aria-label", data.title);
  list.search.style.display = data.rows.length > MANY ? "block" : "none";
  list.search.setAttribute("aria-label", `Search ${data.title}`);
  rows.style.maxHeight = `${data.height}px`;
  const part = data.rows.length > MANY ? list.search.value.trim().toLowerCase() : "";
  const wanted = data.rows.filter((row) => !part || row.name.toLowerCase().includes(part));
  const most = Math.max(1, ...data.rows.map((row) => row.count));
  const kept = new Set(wanted.map((row) => row.value));
  for (const [value, node] of nodes) if (!kept.has(value)) node.remove(), nodes.delete(value);
  wanted.forEach((row, index) => {
    const node = nodes.get(row.value) ?? make(nodes, row.value);
    const [bar, name, count] = node.children;
    bar.style.width = `${(100 * row.count) / most}%`;
    bar.firstChild.style.width = `${(100 * row.shown) / Math.max(row.count, 1)}%`;
    name.textContent = row.short || row.name;
    count.textContent = row.shown === row.count ? row.count.toLocaleString("en") : `${row.shown.toLocaleString("en")} of ${row.count.toLocaleString("en")}`;
    node.title = row.help ? `${row.name}: ${row.help}` : row.name;
    node.setAttribute("aria-selected", row.value === list.chosen);
    node.classList.toggle("warn", Boolean(row.warn));
    node.tabIndex = row.value === list.chosen || (!kept.has(list.chosen) && !index) ? 0 : -1;
    if (rows.children[index] !== node) rows.insertBefore(node, rows.children[index] ?? null);
  });
}

function make(nodes, value) {
  const node = document.createElement("div");
  node.className = "row";
  node.setAttribute("role", "option");
  node.value = value;
  const bar = document.createElement("i");
  bar.append(document.createElement("b"));
  const name = document.createElement("span");
  name.className = "name";
  name.dir = "auto";
  const count = document.createElement("span");
  count.className = "count";
  node.append(bar, name, count);
  nodes.set(value, node);
  return node;
}

function chose(list, node) {
  if (!node) return;
  list.chosen = node.value === list.chosen ? "" : node.value;
  draw(list);
  list.send(list.chosen);
}

function keyed(list, event) {
  const node = event.target.closest(".row");
  const next = { ArrowDown: node?.nextElementSibling, ArrowUp: node?.previousElementSibling }[event.key];
  if (event.key === " " || event.key === "Enter") chose(list, node);
  else if (next) next.focus();
  else return;
  event.preventDefault();
}
