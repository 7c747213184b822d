// One test image, without and with a trigger, and what the models answer. Called again with new data whenever the page
// runs; the nodes are kept, so that bars glide and nothing jumps. Text goes in as textContent only: class names come from
// hostile data.

const boards = new WeakMap();
const LINES = 3;

export default function (component) {
  const { parentElement, data } = component;
  let board = boards.get(parentElement);
  if (!board) boards.set(parentElement, (board = create(parentElement)));
  board.style.setProperty("--panels", data.panels.length);
  board.style.setProperty("--poison", data.poison);
  board.style.setProperty("--accent", data.accent);
  while (board.children.length < data.panels.length) board.append(panel());
  while (board.children.length > data.panels.length) board.lastChild.remove();
  data.panels.forEach((one, index) => fill(board.children[index], one));
}

function create(parent) {
  const board = make("div", "panels");
  parent.appendChild(board);
  return board;
}

function make(tag, name, ...inside) {
  const node = document.createElement(tag);
  node.className = name;
  node.append(...inside);
  return node;
}

function panel() {
  const image = make("img", "");
  const answers = Array.from({ length: LINES }, () =>
    make("div", "answer", make("span", "name"), make("span", "probability"), make("span", "bar", make("i", ""))),
  );
  return make(
    "figure", "panel", make("span", "title"), make("div", "frame", image), make("div", "verdict"),
    make("div", "answers", ...answers), make("span", "note"),
  );
}

function fill(node, one) {
  const [title, frame, verdict, answers, note] = node.children;
  const image = frame.firstChild;
  node.style.margin = 0;
  node.classList.toggle("poisoned", one.poisoned);
  title.textContent = one.title;
  title.title = one.title;
  if (image.getAttribute("src") !== one.image_url) image.src = one.image_url;
  image.alt = `${one.title}: ${one.verdict}`;
  verdict.textContent = one.verdict;
  note.textContent = one.note;
  [...answers.children].forEach((line, index) => {
    const answer = one.answers[index];
    line.style.visibility = answer ? "visible" : "hidden";
    line.classList.toggle("goal", Boolean(answer?.goal));
    const [name, probability, bar] = line.children;
    name.textContent = answer?.name ?? "";
    name.title = answer?.name ?? "";
    probability.textContent = answer?.words ?? "";
    bar.firstChild.style.width = `${100 * (answer?.probability ?? 0)}%`;
  });
}
