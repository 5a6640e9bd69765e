// On a device that the shop shares: the keypad of the PIN, who works on it, and its lock.

const MARGIN_MS = 1500; // after the moment it locks, so that the server says so too
const header = document.getElementById("operator");
const dialog = document.getElementById("operator-dialog");

// The keypad types into the field; a keyboard types there by itself.
function prepare(root) {
  const form = root.querySelector("[data-pin]");
  if (!form) return;
  form.querySelector(".keypad").hidden = false;
  form.querySelector(".keyless").hidden = true;
  form.querySelector("input[type=password]").focus();
}
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-digit]");
  if (!key) return;
  const field = key.closest("form").querySelector("input[type=password]");
  field.value = key.dataset.digit ? (field.value + key.dataset.digit).slice(0, field.maxLength) : "";
  field.focus();
});
document.addEventListener("htmx:afterSwap", (event) => { if (event.target === dialog) prepare(dialog); });
prepare(document);

let timer = 0;
function wait() {
  clearTimeout(timer);
  const open = header.querySelector("[data-locks-in]");
  if (open) timer = setTimeout(ask, Number(open.dataset.locksIn) * 1000 + MARGIN_MS);
}

async function ask() {
  try {
    const answer = await fetch(header.dataset.url, { headers: { "X-Live-Region": "1" }, cache: "no-store" });
    if (answer.ok) header.innerHTML = await answer.text();
    if (answer.status === 404 || (header.querySelector("[data-locked]") && !(await stillShown()))) location.reload();
    wait();
  } catch {
    timer = setTimeout(ask, 5000); // the network is away: the page says so, and the server locks all the same
  }
}

// A locked kitchen goes on showing its tickets, with its sound; a till shows nothing more.
async function stillShown() {
  const answer = await fetch(location.href, { headers: { "X-Live-Region": "1" }, redirect: "manual", cache: "no-store" });
  return answer.type !== "opaqueredirect" && answer.status === 200;
}

if (header) {
  wait();
  // An act that was done with a PIN: the dialog has done its work, the header says who it was.
  document.body.addEventListener("operator", () => {
    dialog.close();
    dialog.replaceChildren();
    ask();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F1") return;
    event.preventDefault();
    if (event.shiftKey) document.getElementById("lock").requestSubmit();
    else document.getElementById("switch").click();
  });
  document.addEventListener("live:gone", () => location.reload());
}
