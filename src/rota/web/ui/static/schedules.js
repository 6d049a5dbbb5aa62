// Schedules: select the page at once, and filter without a button.

// -- select the page
const all = document.querySelector("[data-all]");
const boxes = () => [...document.querySelectorAll('tbody input[name="name"]')];

function counted() {
  const chosen = boxes().filter((one) => one.checked).length;
  const words = document.querySelector("[data-selected]");
  if (words) words.textContent = chosen ? `The ${chosen} selected` : "The selected ones";
  if (all) {
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
  }
}
all?.addEventListener("change", () => { for (const one of boxes()) one.checked = all.checked; counted(); });
document.querySelector("#bulk")?.addEventListener("change", (event) => { if (event.target.name === "name") counted(); });
counted();

// -- filters: a choice is applied at once, and empty ones stay out of the address
const filters = document.querySelector("[data-filters]");
filters?.addEventListener("change", (event) => { if (event.target.matches("select")) filters.requestSubmit(); });
filters?.addEventListener("submit", () => {
  for (const one of filters.elements) if (one.name && !one.value) one.disabled = true;
});
window.addEventListener("pageshow", () => { for (const one of filters?.elements ?? []) one.disabled = false; });
