// Keys of the counter: what stands on a button or a field does it. A known caller fills what is still empty.

document.addEventListener("keydown", (event) => {
  const target = document.querySelector(`[data-key="${event.key}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.tagName === "BUTTON") target.click();
  else { target.focus(); target.select(); }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "caller") {
    const found = event.target.querySelector("[data-caller]");
    for (const name of ["name", "street", "postcode", "city", "details"]) {
      const field = document.getElementById(`id_${name}`);
      if (found?.dataset[name] && field && !field.value) field.value = found.dataset[name];
    }
  }
  if (event.target.id === "lines") {
    const line = document.querySelector("[data-clear]");
    const refused = event.target.querySelector("[role=alert]");
    if (!refused) line.value = "";
    if (document.activeElement === line || refused) line.focus();
  }
});

// Sums of money while one types: the change of the cash handed, the total of what is counted. The server says both again.
const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });
const cents = (text) => Math.round(Number(text.replace(/[\s\u00a0\u202f€]/g, "").replace(",", ".")) * 100);

for (const form of document.querySelectorAll("[data-due]")) {
  const [amount, handed, tip] = ["amount", "tendered", "tip"].map((name) => form.elements[name]);
  const output = form.querySelector("[data-change]");
  const show = () => {
    const due = amount?.value ? cents(amount.value) : Number(form.dataset.due);
    const left = cents(handed.value) - due - (tip?.value ? cents(tip.value) : 0);
    output.hidden = !handed.value || Number.isNaN(left);
    output.textContent = `${left < 0 ? output.dataset.short : output.dataset.label} ${euros.format(Math.abs(left) / 100)}`;
  };
  form.addEventListener("input", show);
  for (const button of form.querySelectorAll("[data-cents]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      handed.value = (Number(button.dataset.cents) / 100).toFixed(2).replace(".", ",");
      show();
    });
  }
}

for (const form of document.querySelectorAll("[data-count]")) {
  const output = form.querySelector("[data-total]");
  const show = () => {
    const pieces = [...form.querySelectorAll("[data-piece]")];
    const total = pieces.reduce((sum, piece) => sum + Number(piece.dataset.piece) * Number(piece.value), 0);
    output.hidden = !pieces.some((piece) => piece.value);
    output.textContent = `${output.dataset.label} ${euros.format(total / 100)}`;
  };
  form.addEventListener("input", show);
  show();
}
