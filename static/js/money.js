// Sums of money while one types: the change of the cash handed, the total of what is counted. The server says both again.

const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });
const cents = (text) => Math.round(Number(text.replace(/[\s\u00a0\u202f€]/g, "").replace(",", ".")) * 100);

function showChange(act) {
  const [amount, handed, tip] = ["amount", "tendered", "tip"].map((name) => act.querySelector(`[name=${name}]`));
  const output = act.querySelector("[data-change]");
  const due = amount?.value ? cents(amount.value) : Number(act.dataset.due);
  const left = cents(handed.value) - due - (tip?.value ? cents(tip.value) : 0);
  output.hidden = !handed.value || Number.isNaN(left);
  output.textContent = `${left < 0 ? output.dataset.short : output.dataset.label} ${euros.format(Math.abs(left) / 100)}`;
}

function showTotal(form) {
  const output = form.querySelector("[data-total]");
  const pieces = [...form.querySelectorAll("[data-piece]")];
  const total = pieces.reduce((sum, piece) => sum + Number(piece.dataset.piece) * Number(piece.value), 0);
  output.hidden = !pieces.some((piece) => piece.value);
  output.textContent = `${output.dataset.label} ${euros.format(total / 100)}`;
}

document.addEventListener("input", (event) => {
  const [act, count] = ["[data-due]", "[data-count]"].map((kind) => event.target.closest(kind));
  if (act) showChange(act);
  if (count) showTotal(count);
});

document.addEventListener("click", (event) => {
  const note = event.target.closest("[data-cents]");
  if (!note) return;
  const act = note.closest("[data-due]");
  act.querySelector("[name=tendered]").value = (Number(note.dataset.cents) / 100).toFixed(2).replace(".", ",");
  showChange(act);
});

for (const note of document.querySelectorAll("[data-cents]")) note.hidden = false;
for (const form of document.querySelectorAll("[data-count]")) showTotal(form);
