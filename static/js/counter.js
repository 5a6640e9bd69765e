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
