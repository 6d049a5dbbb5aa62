// Keys; never while somebody types, and not at all when they are switched off.
import { nextTime } from "./moments.js";
import { stored, store } from "./stored.js";

let before = "";
const find = (selector) => document.querySelector(selector);

export function listen() {
  const dialog = find("#keys");
  if (!dialog) return;
  const opener = find("[data-keys-open]");
  const box = find("[data-keys-toggle]");
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  box.checked = stored("rota-keys") !== "off";
  box.addEventListener("change", () => store("rota-keys", box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || stored("rota-keys") === "off") return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
    if (pressed(event.key, dialog)) event.preventDefault();
  });
}

function pressed(key, dialog) {
  if (before === "g") {
    before = "";
    const link = find(`nav a[data-key="${CSS.escape(key)}"]`);
    link?.click();
    return Boolean(link);
  }
  if (key === "g") { before = "g"; setTimeout(() => { before = ""; }, 1500); return true; }
  if (key === "/") { find("[data-search]")?.focus(); return true; }
  if (key === "?") { dialog.showModal(); return true; }
  if (key === "j" || key === "k") { move(key === "j" ? 1 : -1); return true; }
  if (key === "t") return nextTime();
  const wanted = { x: "tr.at input[type=checkbox]", p: "tr.at [data-act=p], .actions [data-act=p]", u: "tr.at [data-act=u], .actions [data-act=u]" }[key];
  if (wanted) find(wanted)?.click();
  return Boolean(wanted);
}

function move(step) {
  const rows = [...document.querySelectorAll("tbody tr")];
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  rows[at]?.classList.remove("at");
  next?.classList.add("at");
  next?.querySelector("a")?.focus();
}
