// What every page does: bring errors under the eyes, age what ages, hide what is over, clear a refusal.

// Where the screens slide past one another, the one that is open is in view.
const current = document.querySelector(".top nav [aria-current]");
if (current) {
  const nav = current.closest("nav");
  nav.scrollLeft += current.getBoundingClientRect().right - nav.getBoundingClientRect().left - nav.clientWidth / 2;
}

const focusErrors = (root) => root.querySelector("[data-focus]")?.focus();

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("[data-until]")) {
    element.hidden = now > Number(element.dataset.until) * 1000;
  }
}

focusErrors(document);
tick();
setInterval(tick, 1000);

document.addEventListener("htmx:afterSwap", (event) => {
  focusErrors(event.target);
  tick();
  if (event.target.id !== "toast") document.getElementById("toast")?.replaceChildren();
});

document.addEventListener("htmx:sendError", () => {
  const words = document.createElement("p");
  words.className = "notice bad";
  const toast = document.getElementById("toast");
  words.textContent = toast.dataset.offline;
  toast.replaceChildren(words);
});

// A form that asks before it acts.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// A form that was sent is not sent twice by an impatient finger.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled:not([data-sold-out])")) button.disabled = false;
});

// Dialogs that receive a region by htmx.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.closest?.("dialog");
  if (dialog && !dialog.open) dialog.showModal();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
