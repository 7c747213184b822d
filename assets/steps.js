// The browser's history holds what a person did, one entry an act, and the page is told of a step in it.

// Streamlit adds an entry whenever the address changes. What follows without anybody having touched the page, such as
// the parameters of a page that was just arrived at, belongs to the entry that is there, or Back would stop at it.

// A step is said in the address itself, so it comes with that address and not a moment before or after it. The page
// answers with the address that follows. What it says before that is of the address that was left, and is passed over.

const ACTS = ["pointerdown", "keydown", "drop"];
const PATIENCE = 15000; // ms that an answer to a step may take
const here = (window.assaySteps ??= { touched: false, path: location.pathname, step: "", begun: false });

if (!here.begun) {
  here.begun = true;
  here.add = history.pushState.bind(history);
  here.replace = history.replaceState.bind(history);
  history.pushState = (state, title, url) => {
    const [to, before] = [new URL(url ?? location.href, location.href), here.path];
    here.path = to.pathname;
    if (unanswered(to)) return;
    if (to.href === location.href || (to.pathname === before && !here.touched)) return here.replace(state, title, url);
    here.touched = false;
    here.add(state, title, url);
  };
  history.replaceState = (state, title, url) => unanswered(new URL(url ?? location.href, location.href)) || here.replace(state, title, url);
  ACTS.forEach((act) => window.addEventListener(act, () => (here.touched = true), true));
  // Streamlit's own listener of "popstate" was there first, so the address is written before that, where a browser can.
  if (window.navigation) navigation.addEventListener("currententrychange", (event) => event.navigationType === "traverse" && took());
  else window.addEventListener("popstate", (event) => event.isTrusted && took() && window.dispatchEvent(new PopStateEvent("popstate")));
}

// Whether a step on this page waits for its answer.
function unanswered(to) {
  if (to.pathname !== location.pathname || Date.now() - here.step > PATIENCE) here.step = "";
  return here.step !== "";
}

// Whether the step that was just taken is one on the same page; the address then says it.
function took() {
  here.touched = false; // what the page says of the address after a step would cut off the steps ahead
  const same = here.path === location.pathname;
  here.path = location.pathname;
  here.step = same ? String(Date.now()) : "";
  if (same) {
    const url = new URL(location.href);
    url.searchParams.set("step", here.step);
    here.replace(history.state, "", url);
  }
  return same;
}

export default function ({ data }) {
  if (!here.step || data.step !== here.step) return;
  here.step = "";
  here.replace(history.state, "", location.pathname + (data.query && "?") + data.query);
}
