// A second tap at the same place came for what was there: whatever is there now is not touched by it.

const TWICE_MS = 700;
const NEAR_PX = 60;

for (const region of document.querySelectorAll("[data-one-tap]")) {
  let touched = { at: -TWICE_MS, x: 0, y: 0 };
  region.addEventListener("click", (event) => {
    if (!event.target.closest("button:not([type=button])") || !event.detail) return; // a keyboard says what it presses
    const again = event.timeStamp - touched.at < TWICE_MS
      && Math.hypot(event.clientX - touched.x, event.clientY - touched.y) < NEAR_PX;
    if (again) {
      event.preventDefault();
      event.stopPropagation();
    } else {
      touched = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    }
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === region) touched.at = performance.now(); // however long the answer took
  });
}
