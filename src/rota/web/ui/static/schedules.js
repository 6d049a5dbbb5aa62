// Schedules: select the page at once, and say what a timetable means while somebody types it.

const WAIT = 250;

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

// -- as you type
const form = document.querySelector("[data-edit]");
const timetable = form?.querySelector("[data-timetable]");
const preview = document.querySelector("[data-preview]");
let timer = null;
let asked = null;

async function look() {
  asked?.abort();
  asked = new AbortController();
  const address = new URL(form.dataset.look, location.href);
  address.searchParams.set("timetable", timetable.value);
  if (form.dataset.name) address.searchParams.set("name", form.dataset.name);
  try {
    const answer = await fetch(address, { signal: asked.signal, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    preview.replaceChildren(...document.importNode(page.body, true).childNodes);
  } catch { /* another letter was typed, or the server is away: the button asks again */ }
}
if (timetable && preview) {
  timetable.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, WAIT); });
}
