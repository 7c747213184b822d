// The gallery of images. Called again with new data whenever the page runs; the nodes are kept and matched by sample id,
// so that a run that changes nothing shows nothing. Text goes in as textContent only: captions come from hostile data.

const PAUSE = 120; // ms of quiet before a changed selection is sent
const PATIENCE = 3000; // ms after a key in which clicks wait for its answer, so as not to overtake it
const SETTLE = 500; // ms after that answer, in which the page may still change the selection
const SHAPES = { excluded: "✕", kept: "✓", relabelled: "→", flagged: "▲" };
const galleries = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let gallery = galleries.get(parentElement);
  if (!gallery) galleries.set(parentElement, (gallery = create(parentElement)));
  gallery.send = (event) => component.setStateValue("event", event);
  update(gallery, data);
  return () => {
    clearTimeout(gallery.timer);
    document.removeEventListener("keydown", gallery.onKey);
  };
}

function create(parent) {
  const grid = document.createElement("div");
  grid.className = "grid";
  parent.appendChild(grid);
  const gallery = { grid, nodes: new Map(), order: [], selected: new Set(), unsent: [], sent: 0, keyAt: 0, anchor: null, focus: null };
  gallery.onKey = (event) => pressed(gallery, event);
  grid.addEventListener("click", (event) => clicked(gallery, event));
  grid.addEventListener("keydown", (event) => moved(gallery, event));
  grid.addEventListener("focusin", (event) => focused(gallery, event.target.closest(".tile")));
  document.addEventListener("keydown", gallery.onKey);
  return gallery;
}

function update(gallery, data) {
  const { grid, nodes } = gallery;
  const unanswered = gallery.sent > data.seen;
  if (!unanswered && gallery.keyAt) gallery.keyAt = Math.min(gallery.keyAt, Date.now() - PATIENCE + SETTLE);
  gallery.keys = data.keys;
  gallery.selectable = data.selectable;
  gallery.order = data.tiles.map((tile) => tile.id);
  grid.style.setProperty("--size", `${data.size}px`);
  grid.style.setProperty("--lines", Math.max(0, ...data.tiles.map((tile) => tile.caption.length)));
  // Only to look at, and nothing to say: no line is kept free for words.
  grid.classList.toggle("bare", (!data.selectable || data.oneRow) && data.tiles.every((tile) => !tile.badge));
  grid.classList.toggle("one-row", data.oneRow);
  grid.setAttribute("role", data.selectable ? "listbox" : "list");
  if (data.selectable) grid.setAttribute("aria-multiselectable", "true");

  const wanted = new Set(gallery.order);
  for (const [id, node] of nodes) if (!wanted.has(id)) node.remove(), nodes.delete(id);
  data.tiles.forEach((tile, index) => {
    const node = nodes.get(tile.id) ?? make(nodes, tile.id);
    fill(node, tile, data.selectable);
    if (grid.children[index] !== node) grid.insertBefore(node, grid.children[index] ?? null);
  });
  // The answer counts, and what was clicked since the question counts on top of it.
  if (!unanswered) {
    gallery.selected = new Set(data.selected);
    for (const change of gallery.unsent) apply(gallery, change);
    if (gallery.unsent.length) later(gallery);
  }
  if (!wanted.has(gallery.focus)) gallery.focus = gallery.order[0] ?? null;
  paint(gallery);
}

function make(nodes, id) {
  const node = document.createElement("div");
  node.className = "tile";
  node.dataset.id = id;
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.loading = "lazy";
  image.draggable = false;
  image.addEventListener("error", () => node.classList.add("broken"));
  image.addEventListener("load", () => node.classList.remove("broken"));
  const badge = document.createElement("span");
  badge.className = "badge";
  const caption = document.createElement("span");
  caption.className = "caption";
  node.append(image, badge, caption);
  nodes.set(id, node);
  return node;
}

function fill(node, tile, selectable) {
  const said = JSON.stringify([tile, selectable]);
  if (node.said === said) return;
  node.said = said;
  const [image, badge, caption] = node.children;
  if (image.getAttribute("src") !== tile.image_url) image.src = tile.image_url;
  node.setAttribute("role", selectable ? "option" : "listitem");
  node.setAttribute("aria-label", [...tile.caption, tile.badge].filter(Boolean).join(", "));
  node.title = tile.tooltip;
  node.style.setProperty("--badge", tile.colour);
  node.dataset.badge = tile.badge;
  badge.textContent = tile.badge ? `${SHAPES[tile.badge] ?? "●"} ${tile.badge}` : "";
  caption.replaceChildren(...tile.caption.map(line));
}

function line(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}

function paint(gallery) {
  for (const [id, node] of gallery.nodes) {
    if (gallery.selectable) node.setAttribute("aria-selected", gallery.selected.has(id));
    else node.removeAttribute("aria-selected");
    node.tabIndex = gallery.selectable && id === gallery.focus ? 0 : -1;
  }
}

function clicked(gallery, event) {
  const node = event.target.closest(".tile");
  if (node && gallery.selectable) toggle(gallery, Number(node.dataset.id), event.shiftKey);
}

// A plain click turns one tile; with shift, all from the last clicked one follow it.
function toggle(gallery, id, range) {
  const { order, selected } = gallery;
  const from = range ? order.indexOf(gallery.anchor) : -1;
  const to = order.indexOf(id);
  const on = from < 0 ? !selected.has(id) : selected.has(gallery.anchor);
  const ids = from < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
  gallery.unsent.push({ ids, on });
  apply(gallery, { ids, on });
  if (from < 0) gallery.anchor = id;
  gallery.focus = id;
  paint(gallery);
  later(gallery);
}

function apply(gallery, { ids, on }) {
  for (const id of ids) on ? gallery.selected.add(id) : gallery.selected.delete(id);
}

function later(gallery) {
  clearTimeout(gallery.timer);
  const wait = Math.max(PAUSE, gallery.keyAt + PATIENCE - Date.now());
  gallery.timer = setTimeout(() => report(gallery, ""), wait);
}

function report(gallery, key) {
  clearTimeout(gallery.timer);
  gallery.unsent = [];
  gallery.sent = Math.max(Date.now(), gallery.sent + 1);
  gallery.keyAt = key ? Date.now() : 0;
  const selected = gallery.order.filter((id) => gallery.selected.has(id));
  gallery.send({ number: gallery.sent, selected, key });
}

function typing(event) {
  const target = event.composedPath()[0];
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName ?? "");
}

function pressed(gallery, event) {
  if (!(event.key in gallery.keys) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event) || gallery.grid.offsetParent === null) return;
  event.preventDefault();
  report(gallery, event.key);
}

function focused(gallery, node) {
  if (!node || !gallery.selectable) return;
  gallery.focus = Number(node.dataset.id);
  paint(gallery);
}

// One tab stop; arrows move within the grid, space and enter select.
function moved(gallery, event) {
  if (!gallery.selectable) return;
  const here = gallery.order.indexOf(gallery.focus);
  const columns = getComputedStyle(gallery.grid).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const ends = { Home: 0, End: gallery.order.length - 1 };
  if (event.key === " " || event.key === "Enter") toggle(gallery, gallery.focus, event.shiftKey);
  else if (event.key in steps || event.key in ends) {
    const id = gallery.order[ends[event.key] ?? here + steps[event.key]];
    if (id !== undefined) gallery.nodes.get(id).focus();
  } else return;
  event.preventDefault();
}
