// Live pages: ask for the page again with its tag. 304 costs nothing; what has changed is put in place.
import { morph } from "./morph.js";
import { stored, store } from "./stored.js";
import { heardFrom } from "./times.js";

const POLL = 3000;
let tag = null;
let paused = stored("rota-live") === "off";

export function follow(changed) {
  const main = document.querySelector("main[data-live]");
  const button = document.querySelector("[data-live-toggle]");
  if (!main) return;
  const show = () => {
    if (!button) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", String(!paused));
    button.textContent = paused ? "Paused" : "Live";
    button.title = paused ? "Follow what happens" : "Stop the page from changing";
  };
  const ask = () => refresh(main, changed);
  button?.addEventListener("click", () => { paused = !paused; store("rota-live", paused ? "off" : "on"); show(); ask(); });
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, POLL);
  show();
}

// Nobody's work is disturbed: not while a dialog or a form is open, nor while rows that could move are selected.
const WORK = "dialog[open], details.act[open], main:not([data-steady]) tbody input:checked";
const busy = () => document.hidden || document.querySelector(WORK);

async function refresh(main, changed) {
  if (paused || busy()) return;
  try {
    const headers = { "X-Rota-Live": "1", ...(tag ? { "If-None-Match": tag } : {}) };
    const answer = await fetch(location.href, { headers, credentials: "same-origin", cache: "no-store" });
    heardFrom(answer);
    if (answer.redirected || answer.status === 401) { location.reload(); return; }
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("main");
    if (!next || busy()) return;
    tag = answer.headers.get("ETag");
    const ends = [...document.querySelectorAll("[data-follow]")].filter((one) => one.scrollTop + one.clientHeight >= one.scrollHeight - 8);
    morph(main, document.importNode(next, true));
    changed();
    for (const one of ends) one.scrollTop = one.scrollHeight;
  } catch { /* the server is away: the next turn asks again */ }
}
