// The legend of a map: a click on a group hides or shows it, a double click shows it alone, and another one all. Answers at
// once; the page draws the map. Called again with new data whenever the page runs. Text goes in as textContent only.

const legends = new WeakMap();
const TWICE = 250; // ms in which a second click makes a double click of the first, which is not told before

export default function (component) {
  const { parentElement, data } = component;
  if (!legends.has(parentElement)) legends.set(parentElement, create(parentElement));
  const legend = legends.get(parentElement);
  legend.send = (value) => component.setStateValue("event", { number: (legend.sent = Math.max(Date.now(), legend.sent + 1)), value });
  legend.data = data;
  if (!legend.timer) legend.hidden = new Set(data.groups.filter((group) => group.hidden).map((group) => group.at)); // else it is on its way
  draw(legend);
}

function create(parent) {
  const root = document.createElement("div"), list = document.createElement("div");
  root.className = "legend";
  list.className = "groups";
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Legend");
  root.append(list);
  parent.appendChild(root);
  return { list, nodes: new Map(), hidden: new Set(), before: new Set(), timer: 0, sent: 0 };
}

function draw(legend) {
  const { data, list, nodes, hidden } = legend;
  for (const [at, node] of nodes) if (!data.groups.some((group) => group.at === at)) node.remove(), nodes.delete(at);
  data.groups.forEach((group, index) => {
    const node = nodes.get(group.at) ?? make(legend, group.at), [mark, words] = node.children;
    mark.className = group.hollow ? "hollow" : group.symbol;
    mark.style.setProperty("--colour", group.colour);
    words.textContent = group.title;
    node.setAttribute("aria-pressed", String(!hidden.has(group.at)));
    node.title = `${group.title}: click to ${hidden.has(group.at) ? "show" : "hide"}, double click (or Shift) for this one alone`;
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function make(legend, at) {
  const node = document.createElement("button");
  node.type = "button";
  node.append(document.createElement("i"), document.createElement("span"));
  node.addEventListener("click", (event) => clicked(legend, at, event));
  legend.nodes.set(at, node);
  return node;
}

function clicked(legend, at, event) {
  const alone = event.detail === 2 || event.shiftKey;
  clearTimeout(legend.timer);
  if (alone) {
    const before = event.detail === 2 ? legend.before : legend.hidden, others = legend.data.groups.map((group) => group.at).filter((one) => one !== at);
    legend.hidden = new Set(!before.has(at) && others.every((one) => before.has(one)) ? [] : others);
  } else {
    legend.before = new Set(legend.hidden);
    legend.hidden.delete(at) || legend.hidden.add(at);
  }
  draw(legend);
  const told = () => { legend.timer = 0; legend.send([...legend.hidden].sort((a, b) => a - b).join()); };
  legend.timer = setTimeout(told, alone ? 0 : TWICE);
}
