// The map of many points. Coordinates, groups and what hovering says are fetched by address, once for each content: a
// rerun of the page that changes none of them fetches nothing. Text goes in as textContent only.

const views = new Map(); // name of a map → its window and tool, which outlive a page that is built anew
const PIXEL = 200_000; // points in view above which each is one pixel; fewer are drawn larger
const LARGER = [[40_000, 1], [4_000, 2], [0, 3.5]]; // points in view → radius in CSS pixels
const NEAR = 5; // CSS pixels within which a point is hovered or clicked
const FAINT = 0.18; // of what is not selected, while something is
const RINGED = 150; // selected points up to which each has a ring; more are seen by what fades

export default function (component) {
  const { parentElement, data } = component;
  if (!parentElement.isConnected) return; // replaced while this script was being loaded
  let map = parentElement.crowd;
  if (!map) map = parentElement.crowd = create(parentElement);
  map.send = (event) => component.setStateValue("chosen", { ...event, number: Date.now() });
  update(map, data);
}

function create(parent) {
  const root = make("div", "crowd"), tools = make("div", "tools"), stage = make("div", "stage"), words = make("div", "words");
  const points = make("canvas"), brush = make("canvas"), card = make("div", "card");
  const foot = make("div", "foot"), zooms = make("div", "tools");
  stage.append(points, brush, card);
  foot.append(words, zooms);
  root.append(tools, stage, foot);
  parent.append(root);
  const map = { root, tools, zooms, stage, words, points, brush, card, path: [], data: null };
  brush.addEventListener("pointerdown", (event) => pressed(map, event));
  brush.addEventListener("pointermove", (event) => moved(map, event));
  brush.addEventListener("pointerup", (event) => released(map, event));
  brush.addEventListener("pointerleave", () => hideCard(map));
  brush.addEventListener("wheel", (event) => zoomed(map, event), { passive: false });
  new ResizeObserver(() => later(map)).observe(stage);
  return map;
}

async function update(map, data) {
  const before = map.data;
  map.data = data;
  map.view = views.get(data.name) ?? { window: null, tool: "move" };
  views.set(data.name, map.view);
  dress(map);
  if (!before) map.words.textContent = "Fetching the map …";
  try {
    const [places, groups, marks] = await Promise.all([data.places, data.groups, data.marks].map(fetched));
    if (map.data !== data) return; // the page has run again meanwhile
    map.places = new Float32Array(places);
    map.groups = new Uint8Array(groups);
    map.marks = marks ? new Uint8Array(marks) : null;
  } catch {
    map.look = null;
    map.words.textContent = "The map could not be fetched; reload the page.";
    return;
  }
  if (data.whole) [map.whole, map.around] = [data.whole, null];
  else if (map.around !== data.places) [map.whole, map.around] = [windowAround(map.places, null), data.places];
  const { places, groups, marks, total, n_selected, styles } = data;
  const look = JSON.stringify([places, groups, marks, total, n_selected, styles, map.view.window, map.whole]);
  if (map.look === look) return; // it stands as it would be drawn; a size of its own is watched
  map.look = look;
  later(map);
}

// The tools and the bar; below the map, what is in view. All of them are always there, so that the map keeps its size.
function dress(map) {
  const { data, view } = map;
  const press = (tool) => () => { view.tool = view.tool === tool ? "move" : tool; dress(map); };
  const button = (title, act, pressed) => {
    const node = make("button");
    node.type = "button";
    node.textContent = title;
    if (pressed !== undefined) node.setAttribute("aria-pressed", String(pressed));
    node.addEventListener("click", act);
    return node;
  };
  const zoom = (title, rest, window, off) => {
    const node = button(title, () => { view.window = window(); later(map); }), more = make("span", "rest");
    more.textContent = rest;
    node.append(more);
    [node.title, node.disabled] = [title + rest, off];
    return node;
  };
  map.tools.replaceChildren(
    button("Lasso", press("polygon"), view.tool === "polygon"),
    button("Rectangle", press("rect"), view.tool === "rect"),
    button("Clear", () => map.send({ kind: "clear" })),
    ...(data.bar ? [barOf(data.bar)] : []),
  );
  map.zooms.replaceChildren(
    zoom("Whole", " map", () => null, false),
    zoom("Zoom", " to selection", () => windowAround(map.places, map.marks), !data.n_selected),
  );
  map.stage.dataset.tool = view.tool;
}

// The bar of a figure: its name and lowest value, the colours, the highest and the middle one.
function barOf({ title, colours, words: [low, middle, high] }) {
  const node = make("span", "figure"), strip = make("i", "bar");
  strip.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  node.append(document.createTextNode(`${title} ${low}`), strip, document.createTextNode(`${high} · middle ${middle}`));
  return node;
}

function later(map) {
  if (map.waiting || !map.places) return;
  map.waiting = true;
  requestAnimationFrame(() => { map.waiting = false; draw(map); });
}

function windowAround(places, marks) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < places.length / 2; i++) {
    if (marks && !isMarked(marks, i)) continue;
    const x = places[2 * i], y = places[2 * i + 1];
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  if (!(x1 >= x0)) return null;
  const [mx, my] = [((x1 - x0) || 1) * 0.04, ((y1 - y0) || 1) * 0.04];
  return [x0 - mx, x1 + mx, y0 - my, y1 + my];
}

const isMarked = (marks, i) => (marks[i >> 3] >> (i & 7)) & 1;

// Where each point lies, as the number of its pixel, or -1; the same until the window or the groups change.
function positions(map, w, h) {
  const { places, groups, data } = map, styles = data.styles.length;
  const [x0, x1, y0, y1] = map.view.window ?? map.whole ?? [0, 1, 0, 1];
  const key = [w, h, x0, x1, y0, y1, styles].join(), before = map.positions;
  if (before?.key === key && before.places === places && before.groups === groups) return before;
  const kx = w / (x1 - x0), ky = h / (y1 - y0), n = groups.length, at = new Int32Array(n);
  let inView = 0, drawn = 0;
  for (let i = 0; i < n; i++) {
    const x = places[2 * i], y = places[2 * i + 1];
    at[i] = -1;
    if (groups[i] >= styles || x !== x || y !== y) continue;
    drawn++;
    const px = Math.floor((x - x0) * kx), py = Math.floor((y1 - y) * ky);
    if (px < 0 || px >= w || py < 0 || py >= h) continue;
    at[i] = py * w + px;
    inView++;
  }
  return (map.positions = { key, places, groups, at, inView, drawn, shown: [x0, x1, y0, y1] });
}

// All points, into the pixels: how many lie on each, and of what colour they are in the mean. Groups on top come after,
// each point by itself and in its own colour, so that none is hidden. What a group has is looked up once, and what a
// pixel gets lies side by side: of a million points, most of the time went into looking up.
function draw(map) {
  const { groups, marks, data } = map;
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const w = Math.max(1, Math.round(map.stage.clientWidth * scale)), h = Math.max(1, Math.round(map.stage.clientHeight * scale));
  for (const canvas of [map.points, map.brush]) if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const { at, inView, drawn, shown } = positions(map, w, h), n = groups.length, cells = w * h;
  const size = inView > PIXEL ? 0.5 : LARGER.find(([least]) => inView > least)?.[1] ?? 3.5;
  const stamp = stamps(Math.max(0.5, size * scale)), mark = stamps(Math.max(1.2, (size + 1) * scale));
  const colours = data.styles.map((style) => [1, 3, 5].map((from) => parseInt(style.colour.slice(from, from + 2), 16)));
  const [red, green, blue] = [0, 1, 2].map((part) => Float32Array.from(colours, (colour) => colour[part]));
  const weights = Float32Array.from(data.styles, (style) => (style.faded ? 0.3 : 1));
  const onTop = Uint8Array.from(data.styles, (style) => (style.top ? 1 : 0));
  const lit = marks && new Uint8Array(cells); // where anything is selected
  const sums = new Float32Array(4 * cells), nearest = new Int32Array(cells).fill(-1), above = data.styles.map(() => []);
  for (let i = 0; i < n; i++) {
    const own = at[i], group = groups[i];
    if (own < 0) continue;
    if (onTop[group]) { above[group].push(i); continue; }
    const faint = marks && !((marks[i >> 3] >> (i & 7)) & 1), weight = faint ? FAINT * weights[group] : weights[group], column = own % w;
    for (let place = 0; place < stamp.length; place++) {
      const dx = stamp[place][0], cell = own + stamp[place][1] * w + dx;
      if (column + dx < 0 || column + dx >= w || cell < 0 || cell >= cells) continue;
      sums[4 * cell] += weight;
      sums[4 * cell + 1] += red[group] * weight;
      sums[4 * cell + 2] += green[group] * weight;
      sums[4 * cell + 3] += blue[group] * weight;
      nearest[cell] = i;
      if (marks && !faint) lit[cell] = 1;
    }
  }
  let most = 1;
  for (let cell = 0; cell < cells; cell++) if (sums[4 * cell] > most) most = sums[4 * cell];
  const image = new ImageData(w, h), pixels = image.data, full = Math.log1p(most);
  for (let cell = 0; cell < cells; cell++) {
    const count = sums[4 * cell];
    if (!count) continue;
    pixels[4 * cell] = sums[4 * cell + 1] / count;
    pixels[4 * cell + 1] = sums[4 * cell + 2] / count;
    pixels[4 * cell + 2] = sums[4 * cell + 3] / count;
    pixels[4 * cell + 3] = 255 * Math.min(1, count) * (0.3 + 0.7 * Math.log1p(count) / full) * (marks && !lit[cell] ? 0.5 : 1);
  }
  // The least telling first, and of each group those that are not selected.
  for (let group = 0; group < data.styles.length; group++) {
    const [r, g, b] = colours[group];
    for (const chosen of marks ? [0, 1] : [1]) {
      for (const i of above[group]) {
        if (marks && isMarked(marks, i) !== chosen) continue;
        const column = at[i] % w, alpha = chosen ? 255 : 70;
        for (const [dx, dy] of mark) {
          if (column + dx < 0 || column + dx >= w) continue;
          const cell = at[i] + dy * w + dx;
          if (cell < 0 || cell >= cells) continue;
          pixels[4 * cell] = r; pixels[4 * cell + 1] = g; pixels[4 * cell + 2] = b;
          pixels[4 * cell + 3] = Math.max(pixels[4 * cell + 3], alpha);
          nearest[cell] = i;
        }
      }
    }
  }
  const context = map.points.getContext("2d");
  context.putImageData(image, 0, 0);
  if (marks && data.n_selected <= RINGED) {
    context.strokeStyle = getComputedStyle(map.root).color;
    context.lineWidth = 1.5 * scale;
    for (let i = 0; i < n; i++) {
      if (at[i] < 0 || !isMarked(marks, i)) continue;
      context.beginPath();
      context.arc((at[i] % w) + 0.5, Math.floor(at[i] / w) + 0.5, (size + 3) * scale, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  Object.assign(map, { nearest, w, h, scale, shown });
  const parts = [`${drawn.toLocaleString("en")} of ${data.total.toLocaleString("en")} drawn`];
  if (inView < drawn) parts.push(`${inView.toLocaleString("en")} in view`);
  if (data.n_selected) parts.push(`${data.n_selected.toLocaleString("en")} selected`);
  map.words.textContent = parts.join(" · ");
  map.root.dataset.drawn = `${drawn}`;
  drawBrush(map);
}

function stamps(radius) {
  const reach = Math.floor(radius), found = [];
  for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) if (dx * dx + dy * dy <= radius * radius) found.push([dx, dy]);
  return found;
}

// The mouse.
function place(map, event) {
  const area = map.stage.getBoundingClientRect();
  return [event.clientX - area.left - map.stage.clientLeft, event.clientY - area.top - map.stage.clientTop];
}

function coordinates(map, [x, y]) {
  const [x0, x1, y0, y1] = map.shown;
  return [x0 + (x / map.stage.clientWidth) * (x1 - x0), y1 - (y / map.stage.clientHeight) * (y1 - y0)];
}

function pressed(map, event) {
  if (!map.shown || event.button) return;
  map.brush.setPointerCapture(event.pointerId);
  map.path = [place(map, event)];
  map.from = [...map.shown];
  hideCard(map);
}

function moved(map, event) {
  if (!map.shown) return;
  const here = place(map, event);
  if (!map.path.length) return hovered(map, here);
  if (map.view.tool === "polygon") map.path.push(here);
  else map.path[1] = here;
  if (map.view.tool === "move") {
    const [x0, x1, y0, y1] = map.from, [dx, dy] = [here[0] - map.path[0][0], here[1] - map.path[0][1]];
    const [mx, my] = [(dx / map.stage.clientWidth) * (x1 - x0), (dy / map.stage.clientHeight) * (y1 - y0)];
    map.view.window = [x0 - mx, x1 - mx, y0 + my, y1 + my];
    later(map);
  } else drawBrush(map);
}

function released(map, event) {
  if (!map.path.length) return;
  const path = map.path, last = path.at(-1), tool = map.view.tool;
  const far = path.some(([x, y]) => Math.hypot(x - path[0][0], y - path[0][1]) > 3);
  map.path = [];
  drawBrush(map);
  if (!far) {
    const at = pointAt(map, last);
    if (at >= 0) map.send({ kind: "point", at, add: event.shiftKey });
  } else if (tool === "rect") {
    const [[x0, y0], [x1, y1]] = [coordinates(map, path[0]), coordinates(map, last)];
    map.send({ kind: "rect", corners: [[x0, x1], [y0, y1]], add: event.shiftKey });
  } else if (tool === "polygon") {
    map.send({ kind: "polygon", corners: path.map((one) => coordinates(map, one)), add: event.shiftKey });
  }
}

function drawBrush(map) {
  const context = map.brush.getContext("2d"), { path } = map;
  context.clearRect(0, 0, map.brush.width, map.brush.height);
  if (path.length < 2 || map.view.tool === "move") return;
  context.save();
  context.scale(map.scale, map.scale);
  context.beginPath();
  if (map.view.tool === "rect") context.rect(...path[0], path[1][0] - path[0][0], path[1][1] - path[0][1]);
  else path.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = "rgba(127,140,145,.15)";
  context.fill();
  context.strokeStyle = getComputedStyle(map.root).color;
  context.stroke();
  context.restore();
}

function zoomed(map, event) {
  if (!map.shown) return;
  event.preventDefault();
  const [x0, x1, y0, y1] = map.shown, [x, y] = coordinates(map, place(map, event));
  const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300)));
  map.view.window = [x + (x0 - x) * factor, x + (x1 - x) * factor, y + (y0 - y) * factor, y + (y1 - y) * factor];
  hideCard(map);
  later(map);
}

function pointAt(map, [x, y]) {
  const [cx, cy] = [Math.floor(x * map.scale), Math.floor(y * map.scale)], reach = Math.ceil(NEAR * map.scale);
  let best = -1, least = Infinity;
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const [px, py] = [cx + dx, cy + dy];
      if (px < 0 || px >= map.w || py < 0 || py >= map.h) continue;
      const found = map.nearest[py * map.w + px], far = dx * dx + dy * dy;
      if (found >= 0 && far < least) [best, least] = [found, far];
    }
  }
  return best;
}

// What hovering says is fetched when it is first asked for.
async function hovered(map, here) {
  const { data } = map, at = pointAt(map, here);
  if (at === map.over) return;
  map.over = at;
  if (at < 0) return hideCard(map);
  const [ids, rows, classes, losses] = await Promise.all([data.ids, data.rows, data.classes, data.losses].map(fetched));
  if (map.over !== at || map.data !== data) return;
  const of = new Uint16Array(classes), name = (index) => data.names[index] ?? "?";
  const lines = [
    ["sample", `#${new BigInt64Array(ids)[at]}`],
    ["given", name(of[at])],
    ["predicted", name(of[data.n + at])],
    ["loss", new Float32Array(losses)[at].toPrecision(3)],
  ];
  const parts = lines.map(([title, value]) => {
    const line = make("div"), left = make("span"), right = make("span");
    [left.textContent, right.textContent] = [title, value];
    line.append(left, right);
    return line;
  });
  if (data.image) {
    const image = make("img");
    image.alt = "";
    image.src = data.image.replace("{row}", `${new BigInt64Array(rows)[at]}`);
    parts.unshift(image);
  }
  map.card.replaceChildren(...parts);
  const [width, height] = [map.stage.clientWidth, map.stage.clientHeight];
  map.card.style.display = "block";
  map.card.style.left = `${Math.min(here[0] + 14, width - map.card.offsetWidth - 4)}px`;
  map.card.style.top = `${Math.max(4, Math.min(here[1] + 14, height - map.card.offsetHeight - 4))}px`;
}

function hideCard(map) {
  map.over = -1;
  map.card.style.display = "none";
}

function make(kind, name) {
  const node = document.createElement(kind);
  if (name) node.className = name;
  return node;
}
