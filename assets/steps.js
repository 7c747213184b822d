// The browser's history holds what a person did, one entry an act, and the page is told of a step in it.

// Streamlit adds an entry whenever the address changes. What follows without anybody having touched the page, such as
// the parameters of a page that was just arrived at, belongs to the entry that is there, or Back would stop at it.

const ACTS = ["pointerdown", "keydown", "drop"];
let touched = false;
let path = location.pathname;
let steps = 0;
let tell = null;

if (!window.assaySteps) {
  window.assaySteps = true;
  const add = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const [to, before] = [new URL(url ?? location.href, location.href), path];
    path = to.pathname;
    if (to.href === location.href || (path === before && !touched)) return history.replaceState(state, title, url);
    touched = false;
    return add(state, title, url);
  };
  ACTS.forEach((act) => window.addEventListener(act, () => (touched = true), true));
  window.addEventListener("popstate", () => {
    touched = false; // what the page says of the address after a step would cut off the steps ahead
    const here = path === location.pathname;
    path = location.pathname;
    if (here) tell?.(++steps); // of a step to another page, the page to run is told by Streamlit alone
  }, true); // before Streamlit runs the page
}

export default function (component) {
  if (!component.parentElement.isConnected) return; // replaced while this script was being loaded
  steps = Math.max(steps, component.data.steps);
  tell = (value) => component.setStateValue("steps", value);
}
