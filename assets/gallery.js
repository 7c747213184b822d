// The gallery of images. Called again with new data whenever the page runs; the nodes are kept and matched by sample id,
// so that a run that changes nothing shows nothing. Text goes in as textContent only: captions come from hostile data.

// What a person does is an event with a number. All events that were not answered yet are sent each time, so that none is
// lost when keys are pressed faster than the page answers; the page does those that it has not seen, in their order.

const PAUSE = 120; // ms of quiet before a changed selection or focus is sent
const NARROW = 80; // px; a short line below a narrower image has to lose letters, too
const TINY = 64; // px; smaller images show their pixels, and of a badge its sign
const TAIL = 6; // characters at the end of a line below an image that are never cut
const NARROW_TAIL = 4; // the same below a narrow one, of short lines a third: with more there is no room for the dots
const SHORT = 8; // characters of a line that a narrow image has room for
const SHAPES = { excluded: "✕", kept: "✓", relabelled: "→", unsure: "?", flagged: "▲", confirmed: "▲", taken: "●" };
const ARROWS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: Infinity, ArrowUp: -Infinity };
const ALWAYS = new Set(["undo", "redo", "next", "back", "large", "clear", "help"]); // are not about what is in view
const OVERDUE = 3000; // ms; what was not answered by then is sent again
const AWAITED = 10_000; // ms; so long a key pressed while the page is rebuilt waits for its gallery to be there again

// A gallery with keys outlives the element that holds it: a page that is built anew gets the same one, with all that was
// done in it and not answered yet. Those without are known by their element.
const named = new Map();
const unnamed = new WeakMap();
let latest = null; // of those with keys
const unsaid = new Set(); // galleries whose selection or focus changed and was not sent yet
let question = null; // that a key has asked for: since when, whether it was seen open, and the answer that came too early

document.addEventListener("keydown", early, true);
document.addEventListener("keydown", (event) => named.forEach((gallery) => pressed(gallery, event)));
// A click elsewhere may act on the selection: it has to be known there first.
document.addEventListener("pointerdown", (event) => unsaid.forEach((gallery) => event.composedPath().includes(gallery.grid) || report(gallery, "")), true);

// Nothing is returned to clean up with: where data change twice in quick succession that is called in the midst of use.
export default function (component) {
  const { parentElement, data } = component;
  if (!parentElement.isConnected) return; // replaced while this script was being loaded
  const [known, name] = Object.keys(data.keys).length ? [named, data.name] : [unnamed, parentElement];
  if (!known.has(name)) known.set(name, create());
  const gallery = known.get(name);
  // A place that is about to leave the page may be called once more, with what it showed before.
  if (data.drawn < gallery.drawn && gallery.grid.isConnected && gallery.grid.parentNode !== parentElement) return;
  gallery.drawn = data.drawn;
  gallery.send = (event) => component.setStateValue("event", event);
  const rebuilt = gallery.grid.parentNode !== parentElement;
  if (rebuilt) {
    parentElement.querySelector(".grid")?.remove(); // of before the visitor was allowed to use keys, or after
    parentElement.appendChild(gallery.grid);
  }
  update(gallery, data);
  if (rebuilt) resume(gallery);
  if (known === named) latest = gallery;
}

function create() {
  const grid = document.createElement("div");
  grid.className = "grid";
  const gallery = { grid, nodes: new Map(), order: [], selected: new Set(), leaving: new Map(), pending: [], held: [], sent: 0, anchor: null, focus: null, version: 0, drawn: 0 };
  grid.addEventListener("click", (event) => clicked(gallery, event));
  grid.addEventListener("keydown", (event) => moved(gallery, event));
  grid.addEventListener("focusin", (event) => focused(gallery, event.target.closest(".tile")));
  return gallery;
}

// What was on its way when the page was rebuilt, or is overdue, is sent again, unless it is old: the page knows what it
// has done. It says how often it was sent, for the same once more would not be sent at all.
function resume(gallery) {
  const recent = (number) => number > Date.now() - AWAITED;
  gallery.pending = gallery.pending.filter((event) => recent(event.number)).map((event) => ({ ...event, sent: (event.sent ?? 1) + 1 }));
  for (const [id, number] of gallery.leaving) if (!recent(number)) gallery.leaving.delete(id);
  if (gallery.pending.length) send(gallery);
  if (unsaid.has(gallery)) later(gallery);
}

function update(gallery, data) {
  const { grid, nodes } = gallery;
  gallery.pending = gallery.pending.filter((event) => event.number > data.seen);
  for (const [id, number] of gallery.leaving) if (number <= data.seen) gallery.leaving.delete(id);
  const unanswered = gallery.pending.length > 0 || unsaid.has(gallery);
  const held = grid.contains(grid.getRootNode().activeElement);
  gallery.keys = data.keys;
  gallery.place = location.pathname;
  gallery.selectable = data.selectable;
  gallery.tiles = new Map(data.tiles.map((tile) => [tile.id, tile]));
  gallery.elsewhere = data.elsewhere;
  gallery.most = data.most;
  gallery.order = data.tiles.map((tile) => tile.id);
  grid.style.setProperty("--size", `${data.size}px`);
  grid.style.setProperty("--lines", Math.max(0, ...data.tiles.map((tile) => tile.caption.length)));
  // Only to look at, and nothing to say: no line is kept free for words.
  grid.classList.toggle("bare", (!data.selectable || data.oneRow) && data.tiles.every((tile) => !tile.badge));
  // Where nothing has a badge, and no key here gives one, there is no line for it.
  grid.classList.toggle("unbadged", data.tiles.every((tile) => !tile.badge) && !Object.values(data.keys).includes("decide"));
  const list = data.tiles.some((tile) => tile.told);
  grid.classList.toggle("list", list);
  grid.classList.toggle("large", list && data.size >= 150);
  grid.classList.toggle("one-row", data.oneRow && !list);
  grid.classList.toggle("struck", data.struck);
  grid.style.setProperty("--amplified", data.amplified);
  grid.setAttribute("role", data.selectable ? "listbox" : "list");
  if (data.selectable) grid.setAttribute("aria-multiselectable", "true");
  grid.setAttribute("aria-label", "Samples");

  const wanted = new Set(gallery.order);
  for (const [id, node] of nodes) if (!wanted.has(id)) node.remove(), nodes.delete(id);
  data.tiles.forEach((tile, index) => {
    const node = nodes.get(tile.id) ?? make(nodes, tile.id);
    fill(node, tile, data.selectable, data.size < TINY, data.size < NARROW);
    if (grid.children[index] !== node) grid.insertBefore(node, grid.children[index] ?? null);
  });
  // The answer counts, unless something was done since the question: then its own answer is on the way.
  if (!unanswered) {
    gallery.selected = new Set(data.selected);
    gallery.version = data.version;
    if (data.focus !== null) gallery.focus = data.focus;
  }
  if (!wanted.has(gallery.focus)) gallery.focus = gallery.order.find((id) => !gallery.leaving.has(id)) ?? null;
  paint(gallery);
  // The tile that had the keyboard may have left the page with its verdict.
  if (held && !grid.contains(grid.getRootNode().activeElement)) nodes.get(gallery.focus)?.focus({ preventScroll: true });
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
  image.addEventListener("load", () => {
    node.classList.remove("broken");
    // The pixels of a tiny image are what there is to see; a photograph is smoothed.
    image.classList.toggle("smooth", Math.max(image.naturalWidth, image.naturalHeight) >= TINY);
  });
  const badge = document.createElement("span");
  badge.className = "badge";
  const caption = document.createElement("span");
  caption.className = "caption";
  const text = document.createElement("span");
  text.className = "text";
  text.dir = "auto";
  node.append(image, badge, caption, text);
  nodes.set(id, node);
  return node;
}

function fill(node, tile, selectable, small, narrow) {
  const said = JSON.stringify([tile, selectable, small, narrow]);
  if (node.said === said) return;
  node.said = said;
  const [image, badge, caption, text] = node.children;
  if (tile.parts.length > 1) text.replaceChildren(...tile.parts.map(part));
  else text.textContent = tile.told;
  if (tile.told) image.removeAttribute("src");
  else if (image.getAttribute("src") !== tile.image_url) image.src = tile.image_url;
  node.setAttribute("role", selectable ? "option" : "listitem");
  node.setAttribute("aria-label", [tile.told.slice(0, 300), ...tile.caption, tile.badge].filter(Boolean).join(", "));
  node.title = tile.tooltip;
  node.style.setProperty("--badge", tile.colour);
  node.dataset.badge = tile.badge;
  badge.textContent = tile.badge ? [SHAPES[tile.badge] ?? "●", small ? "" : tile.words || tile.badge].join(" ") : "";
  caption.replaceChildren(...tile.caption.map((words) => line(words, narrow)));
}

function part({ text, speaks_for: whom }) {
  const span = document.createElement(whom ? "mark" : "span");
  span.textContent = text;
  if (whom) span.dataset.for = whom;
  return span;
}

// A long line loses its middle where it has no room: what tells a name from others is often at its end.
function line(text, narrow) {
  const span = document.createElement("span"), letters = [...text], tail = narrow ? Math.min(NARROW_TAIL, Math.floor(letters.length / 3)) : TAIL;
  if (letters.length < (narrow ? SHORT : 2 * TAIL + 1)) span.textContent = text;
  else span.append(...[letters.slice(0, -tail), letters.slice(-tail)].map((part) => Object.assign(document.createElement("span"), { textContent: part.join("") })));
  return span;
}

function paint(gallery) {
  const keyed = Object.keys(gallery.keys).length > 0;
  for (const [id, node] of gallery.nodes) {
    if (gallery.selectable) node.setAttribute("aria-selected", gallery.selected.has(id));
    else node.removeAttribute("aria-selected");
    node.tabIndex = gallery.selectable && id === gallery.focus ? 0 : -1;
    node.classList.toggle("here", keyed && id === gallery.focus);
    node.classList.toggle("leaving", gallery.leaving.has(id));
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
  for (const one of ids) on ? selected.add(one) : selected.delete(one);
  if (from < 0) gallery.anchor = id;
  gallery.focus = id;
  paint(gallery);
  later(gallery);
}

function later(gallery) {
  unsaid.add(gallery);
  clearTimeout(gallery.timer);
  gallery.timer = setTimeout(() => report(gallery, ""), PAUSE);
}

// `on` says what a key is about: the selection or, where nothing is selected, the tile in focus.
function report(gallery, key, on = "", focus = gallery.focus) {
  clearTimeout(gallery.timer);
  if (!gallery.grid.isConnected) return; // it is said when the gallery is there again
  unsaid.delete(gallery);
  gallery.sent = Math.max(Date.now(), gallery.sent + 1);
  const selected = gallery.order.filter((id) => gallery.selected.has(id));
  const event = { number: gallery.sent, selected, key, on, focus, next: gallery.focus, version: gallery.version };
  // Of several changes of the selection in a row only the last counts.
  const keys = gallery.pending.filter((other) => other.key);
  gallery.pending = [...keys, event];
  send(gallery);
}

function send(gallery) {
  gallery.send(gallery.pending);
  clearTimeout(gallery.overdue);
  gallery.overdue = setTimeout(() => gallery.pending.length && gallery.grid.isConnected && resume(gallery), OVERDUE);
}

function typing(event) {
  const target = event.composedPath()[0];
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName ?? "");
}

// Being rebuilt, or hidden while a part of the page is loaded.
function away(gallery) {
  return !gallery.grid.isConnected || gallery.grid.offsetParent === null;
}

function elsewhere(gallery, event) {
  const gone = gallery !== latest && away(gallery); // another run is shown
  return gone || typing(event) || gallery.place !== location.pathname || document.querySelector("[role=dialog]");
}

function inView(gallery) {
  return JSON.stringify([gallery.focus, gallery.elsewhere, ...gallery.selected]);
}

// A key waits for its gallery; but nothing is done to what was not in view when it was pressed.
function hold(gallery, key, kind) {
  gallery.held.push({ key, kind, view: inView(gallery), time: Date.now() });
  if (gallery.held.length === 1) catchUp(gallery);
}

function catchUp(gallery) {
  gallery.held = gallery.held.filter((one) => Date.now() - one.time < AWAITED && gallery.place === location.pathname);
  if (away(gallery)) return gallery.held.length && setTimeout(() => catchUp(gallery), PAUSE);
  for (const { key, kind, view } of gallery.held.splice(0)) if (ALWAYS.has(kind) || view === inView(gallery)) act(gallery, key, kind);
}

function pressed(gallery, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const kind = gallery.keys[event.key];
  const plain = event.composedPath()[0].matches?.("body, button:not([role])");
  const arrow = event.key in ARROWS && Object.keys(gallery.keys).length > 0 && plain;
  if ((!kind && !arrow) || elsewhere(gallery, event)) return;
  event.preventDefault();
  if (arrow) return away(gallery) || move(gallery, event.key);
  if (!event.repeat) (away(gallery) ? hold : act)(gallery, event.key, kind);
}

// Who knows the keys answers before the question is on the screen: such an answer waits for its button.
function early(event) {
  if (!question || !event.isTrusted || !/^(\d|Enter)$/.test(event.key) || typing(event) || awaits(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  question.answer = { key: event.key, code: event.code, keyCode: event.keyCode, bubbles: true };
}

function awaits(key) {
  return document.querySelector(`[role=dialog] kbd[aria-label="Shortcut ${key}"]`);
}

function follow(asked) {
  const open = document.querySelector("[role=dialog]") !== null;
  if (question !== asked) return;
  if (Date.now() - asked.since > AWAITED || (asked.open && !open)) question = null;
  else if (asked.answer && awaits(asked.answer.key)) {
    question = null;
    // The button is listened to soon after it is there.
    setTimeout(() => ["keydown", "keyup"].forEach((type) => document.body.dispatchEvent(new KeyboardEvent(type, asked.answer))), PAUSE);
  } else {
    asked.open = open;
    setTimeout(() => follow(asked), PAUSE / 2);
  }
}

// Kinds of keys: "all" selects what is visible, "decide" answers at once and goes on, the rest is up to the page.
function act(gallery, key, kind) {
  const { selected, order } = gallery;
  if (kind === "all") {
    for (const id of order) selected.add(id);
    paint(gallery);
    return report(gallery, "");
  }
  if (kind === "back") return move(gallery, "ArrowLeft");
  const whole = selected.size + gallery.elsewhere > 0;
  const about = gallery.focus;
  if (kind === "decide" && !whole && about === null) return;
  const ids = whole ? [...selected] : [about];
  const many = selected.size + gallery.elsewhere > gallery.most;
  if (kind === "ask" || (kind === "decide" && many)) follow((question = { since: Date.now(), open: false, answer: null }));
  if (kind !== "decide" || many) return report(gallery, key, whole ? "selection" : "focus");
  gallery.focus = following(gallery, ids);
  report(gallery, key, whole ? "selection" : "focus", about);
  for (const id of ids) gallery.leaving.set(id, gallery.sent);
  selected.clear();
  paint(gallery);
  const node = gallery.nodes.get(gallery.focus);
  node?.scrollIntoView({ block: "nearest" });
}

// The next tile that is neither decided, nor being decided, nor looked at by someone else.
function following(gallery, ids) {
  const { order, tiles, leaving } = gallery;
  const gone = new Set(ids);
  const start = Math.max(0, ...ids.map((id) => order.indexOf(id)));
  const around = [...order.slice(start + 1), ...order.slice(0, start)];
  const open = around.filter((id) => !gone.has(id) && !leaving.has(id));
  return open.find((id) => !tiles.get(id).settled) ?? open[0] ?? gallery.focus;
}

function focused(gallery, node) {
  if (!node || !gallery.selectable) return;
  const id = Number(node.dataset.id);
  if (id === gallery.focus) return;
  gallery.focus = id;
  paint(gallery);
  if (Object.keys(gallery.keys).length) later(gallery);
}

// One tab stop; arrows move within the grid, space and enter select.
function moved(gallery, event) {
  if (!gallery.selectable) return;
  const ends = { Home: 0, End: gallery.order.length - 1 };
  if (event.key === " " || event.key === "Enter") toggle(gallery, gallery.focus, event.shiftKey);
  else if (event.key in ARROWS) move(gallery, event.key);
  else if (event.key in ends) gallery.nodes.get(gallery.order[ends[event.key]])?.focus();
  else return;
  event.preventDefault();
}

function move(gallery, key) {
  const here = gallery.order.indexOf(gallery.focus);
  const columns = getComputedStyle(gallery.grid).gridTemplateColumns.split(" ").length;
  const step = Math.max(-columns, Math.min(columns, ARROWS[key]));
  const id = gallery.order[here + step];
  if (id !== undefined) gallery.nodes.get(id).focus();
}
