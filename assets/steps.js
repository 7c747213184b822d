// The browser's history holds what a person did, one entry an act, and the page is told of a step in it.

// Streamlit adds an entry whenever the address changes. What follows without anybody having touched the page, such as
// the parameters of a page that was just arrived at, belongs to the entry that is there, or Back would stop at it.

// A page that is gone to may say its parameters before its path: what was added for them is then the entry of that page.

// A step is said in the address itself, so it comes with that address and not a moment before or after it. The page
// answers with the address that follows. What it says before that is of the address that was left, and is passed over:
// a page that was left by Back would otherwise lead to itself again, with its own parameters.

// What is remembered of a run stays on the way to another page; a step on the same page leads to what was seen before.
// `index_page` has this run before anything can be clicked; it is a component as well, which hears the answers.

const ACTS = ["pointerdown", "keydown", "drop"];
const PATIENCE = 15000; // ms that an answer to a step may take
const ARRIVAL = "arrival-"; // what a step to another page begins with
const SAME_ACT = 3000; // ms within which a page that is gone to says its parameters and then its path
const begun = { touched: false, added: 0, path: location.pathname, step: "", since: 0, expected: "", saying: 0 };
const here = (window.assaySteps ??= begun);

if (!here.begun) {
  here.begun = true;
  here.add = history.pushState.bind(history);
  here.replace = history.replaceState.bind(history);
  history.pushState = (state, title, url) => {
    const [to, before] = [new URL(url ?? location.href, location.href), here.path];
    if (unanswered(to)) return passedOver(to);
    here.path = to.pathname;
    const [stays, early] = [to.pathname === before, Date.now() - here.added < SAME_ACT];
    if (to.href === location.href || (!here.touched && (stays || early))) return here.replace(state, title, url);
    here.touched = false;
    here.added = stays ? Date.now() : 0;
    here.add(state, title, url);
  };
  history.replaceState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    return unanswered(to) ? passedOver(to) : here.replace(state, title, url);
  };
  ACTS.forEach((act) => window.addEventListener(act, () => (here.touched = true), true));
  // In the head of the page this runs before Streamlit listens, so the address is written before Streamlit reads it.
  window.addEventListener("popstate", (event) => event.isTrusted && took());
}

// Whether a step waits for its answer; somebody who goes on to another page waits for it no more.
function unanswered(to) {
  if ((to.pathname !== location.pathname && here.touched) || Date.now() - here.since > PATIENCE) here.step = "";
  return here.step !== "";
}

// Streamlit believes an address that was passed over, and would send it with whatever is asked next. Where it is one of
// the page that was left, it hears of the step once more, as soon as it is done with that. What the page that follows
// says has the step in it, until it answers.
function passedOver(to) {
  const query = withoutStep(to);
  if (to.searchParams.get("step") === here.step) here.expected = query;
  if (query === here.expected) return;
  clearTimeout(here.saying);
  const event = new PopStateEvent("popstate", { state: history.state });
  here.saying = setTimeout(() => here.step && window.dispatchEvent(event));
}

function withoutStep({ search }) {
  const query = new URLSearchParams(search);
  query.delete("step");
  return query.toString();
}

// Has the address say the step that was just taken.
function took() {
  here.touched = false; // what the page says of the address after a step would cut off the steps ahead
  here.since = Date.now();
  here.step = (here.path === location.pathname ? "" : ARRIVAL) + here.since;
  here.path = location.pathname;
  here.expected = withoutStep(location);
  const url = new URL(location.href);
  url.searchParams.set("step", here.step);
  here.replace(history.state, "", url);
}

export default function ({ data }) {
  if (!here.step || data.step !== here.step) return;
  here.step = "";
  here.replace(history.state, "", location.pathname + (data.query && "?") + data.query);
}
