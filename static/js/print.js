// A receipt that was asked for on paper prints as it opens; elsewhere a button prints the page.
const button = document.querySelector("[data-print]");
if (button) button.addEventListener("click", () => window.print());
else window.addEventListener("load", () => window.print());
