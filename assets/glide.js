// The epochs played: points glide from where they stood after one epoch to where they stood after the next. All places are
// fetched once. The drawing lies over the map while it plays; where it stops, the page goes on from that epoch.

const EPOCH = 900; // ms from one epoch to the next
const FAINT = 0.16; // of what is not selected, while something is

export default function (component) {
  const { parentElement, data } = component;
  if (!parentElement.isConnected) return; // replaced while this script was being loaded
  let player = parentElement.player;
  if (!player) player = parentElement.player = create(parentElement);
  player.tell = (epoch) => component.setStateValue("stopped", { epoch, number: Date.now() });
  const moved = player.data && player.data.epoch !== data.epoch;
  player.data = data;
  if (moved) player.playing = player.told = null; // somebody moved the slider, or the page follows to where it stopped
  setTimeout(() => player.playing || player.told || bare(player), 250); // once the map is drawn anew
  dress(player);
  return () => setTimeout(() => player.button.isConnected || bare(player)); // nothing stays over a map that lost its button
}

function create(parent) {
  const button = document.createElement("button");
  button.type = "button";
  parent.append(button);
  const player = { button, layers: [], playing: null, told: null, data: null };
  button.addEventListener("click", () => (player.playing ? stop(player) : play(player)));
  return player;
}

function dress({ button, playing }) {
  button.textContent = playing ? "❚❚" : "▶";
  button.title = playing ? "Pause" : "Play: see the samples being learned.";
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}

async function play(player) {
  const { data } = player, mine = (player.playing = {});
  player.told = null;
  dress(player);
  try {
    const [places, marks] = await Promise.all([data.places, data.marks].map(fetched));
    const groups = await Promise.all(data.maps.map((map) => fetched(map.groups)));
    if (player.playing !== mine) return;
    player.places = new Float32Array(places);
    player.marks = marks && new Uint8Array(marks);
    player.groups = groups.map((bytes) => new Uint8Array(bytes));
  } catch {
    player.button.title = "The epochs could not be fetched; reload the page.";
    player.playing = null;
    return dress(player);
  }
  const from = data.epoch >= data.last ? 1 : data.epoch, began = performance.now();
  const frame = (now) => {
    if (!player.button.isConnected) return bare(player);
    if (player.playing !== mine) return; // what was drawn last stays until the map shows that epoch, too
    player.at = Math.min(data.last, from + (now - began) / EPOCH);
    data.maps.forEach((map, index) => draw(player, map, index));
    mark(player);
    if (player.at >= data.last) stop(player);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function stop(player) {
  const epoch = Math.max(1, Math.round(player.at ?? player.data.epoch));
  player.playing = null;
  dress(player);
  player.at = epoch;
  player.data.maps.forEach((map, index) => player.layers[index] && draw(player, map, index));
  if (epoch === player.data.epoch) bare(player);
  else player.tell((player.told = epoch));
}

function bare(player) {
  player.layers.forEach((layer) => layer.remove());
  player.line?.remove();
  player.layers = [];
}

// The drawing lies over the chart, or over the stage of a map of many points.
function stageOf(index) {
  const pane = document.querySelectorAll('[class*="st-key-map-pane"]')[index];
  const chart = pane?.querySelector(".stEChartsChart");
  if (chart) return [chart, true];
  const crowd = [...(pane?.querySelectorAll("*") ?? [])].find((one) => one.shadowRoot?.querySelector(".stage"));
  const stage = crowd?.shadowRoot.querySelector(".stage") ?? pane?.querySelector(".stage");
  return [stage, false];
}

function layerOn(player, stage, index) {
  let layer = player.layers[index];
  if (layer?.parentNode === stage) return layer;
  layer?.remove();
  layer = player.layers[index] = document.createElement("canvas");
  layer.className = "gliding";
  if (getComputedStyle(stage).position === "static") stage.style.position = "relative";
  stage.append(layer);
  return layer;
}

// The epoch on the loss curves, which the page itself marks only where it stops.
function mark(player) {
  const chart = document.querySelector(".st-key-curves .stEChartsChart"), { last, room, ink } = player.data;
  if (!chart) return;
  const line = (player.line ??= Object.assign(document.createElement("i"), { className: "gliding-epoch" }));
  if (line.parentNode !== chart) chart.append(line);
  if (getComputedStyle(chart).position === "static") chart.style.position = "relative";
  const x = room.left + ((player.at - 1) / (last - 1)) * (chart.clientWidth - room.left - room.right);
  line.style.cssText = `position:absolute;left:${x}px;top:${room.top}px;bottom:${room.bottom}px;border-left:2px solid ${ink};pointer-events:none`;
}

const eased = (t) => t * t * (3 - 2 * t);

function draw(player, map, index) {
  const [stage, isChart] = stageOf(index), { data, places, marks } = player;
  if (!stage) return;
  const usual = stage.clientWidth > map.slim.width ? map.top : map.slim.top;
  const top = isChart ? usual : 0, layer = layerOn(player, stage, index);
  const scale = Math.min(window.devicePixelRatio || 1, 2), width = stage.clientWidth, height = stage.clientHeight - top;
  layer.style.cssText = `position:absolute;left:0;top:${top}px;width:${width}px;height:${height}px;z-index:5;background:${data.ground}`;
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  if (layer.width !== w || layer.height !== h) [layer.width, layer.height] = [w, h];
  const before = Math.min(Math.floor(player.at), data.last), after = Math.min(before + 1, data.last), part = eased(player.at - before);
  // What is in view at the end is what the map itself shows then.
  const near = after === data.last ? (before === data.last ? 1 : part) : 0;
  const view = data.around.map((axis, a) => axis.map((end, e) => end + (data.end[a][e] - end) * near));
  const [[x0, x1], [y0, y1]] = view, kx = w / (x1 - x0), ky = h / (y1 - y0), n = player.groups[index].length;
  const a = (before - 1) * n * 2, b = (after - 1) * n * 2, groups = player.groups[index], context = layer.getContext("2d");
  const image = new ImageData(w, h), pixels = new Uint32Array(image.data.buffer), cells = w * h;
  const stamp = stamps((n > 20000 ? 1 : 3) * scale);
  for (let group = 0; group < map.styles.length; group++) {
    const { colour, faded } = map.styles[group], [red, green, blue] = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
    for (const chosen of marks ? [0, 1] : [1]) {
      const alpha = Math.round(255 * (chosen ? 1 : FAINT) * (faded ? 0.3 : 0.9));
      const ink = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0; // as the bytes lie in memory
      for (let i = 0; i < n; i++) {
        if (groups[i] !== group || (marks && ((marks[i >> 3] >> (i & 7)) & 1) !== chosen)) continue;
        const x = places[a + 2 * i], y = places[a + 2 * i + 1];
        const px = Math.round((x + (places[b + 2 * i] - x) * part - x0) * kx), py = Math.round((y1 - y - (places[b + 2 * i + 1] - y) * part) * ky);
        for (const [dx, dy] of stamp) {
          const cell = (py + dy) * w + px + dx;
          if (px + dx >= 0 && px + dx < w && cell >= 0 && cell < cells) pixels[cell] = ink;
        }
      }
    }
  }
  context.putImageData(image, 0, 0);
  context.font = `${12 * scale}px sans-serif`;
  context.fillStyle = data.ink;
  const now = Math.min(data.last, Math.max(1, Math.round(player.at))) - 1;
  const lines = [`Epoch ${now + 1} of ${data.last}`, ...data.medians.map(([name, values]) => `${name}: ${values[now].toPrecision(2)}`)];
  if (index === 0) lines.forEach((line, at) => context.fillText(at === 1 ? `Median loss, ${line}` : line, 8 * scale, (18 + 16 * at) * scale));
}

const made = new Map(); // radius → the pixels of a disc
function stamps(radius) {
  if (!made.has(radius)) {
    const reach = Math.floor(radius), found = [];
    for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) if (dx * dx + dy * dy <= radius * radius + 0.5) found.push([dx, dy]);
    made.set(radius, found);
  }
  return made.get(radius);
}
