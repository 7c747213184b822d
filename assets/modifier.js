// Whether Shift was held when a chart was pressed last. The chart itself does not say so; this is known before its answer.

let held = false;
let tell = null;

document.addEventListener("pointerdown", (event) => {
  const chart = event.target.closest?.("[data-testid=stEChartsChart]");
  if (!chart || !tell || event.shiftKey === held) return;
  held = event.shiftKey;
  tell(held);
}, true);

export default function (component) {
  if (!component.parentElement.isConnected) return; // replaced while this script was being loaded
  tell = (value) => component.setStateValue("shift", value);
  held = component.data.shift;
}
