// Live pages: htmx asks for the page again, with its tag. 304 costs nothing; what has changed is put in place.
import { isOfAnotherPage } from "./answers.js";
import { stored, store } from "./stored.js";
import { heardAt } from "./times.js";

let tag = null;
let paused = stored("rota-live") === "off";

// Nobody's work is disturbed: not while a dialog or a form is open, nor while rows that could move are selected.
const WORK = "dialog[open], details.act[open], main:not([data-steady]) tbody input:checked";
const busy = () => document.hidden || document.querySelector(WORK);
const isAtEnd = (one) => one.scrollTop + one.clientHeight >= one.scrollHeight - 8;

export function follow(changed) {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  const look = () => htmx.trigger(main, "look");
  toggle(document.querySelector("[data-live-toggle]"), look);
  document.addEventListener("visibilitychange", look);

  const on = (name, act) => main.addEventListener(name, (event) => { if (event.detail.elt === main) act(event.detail, event); });
  let ends = [];
  on("htmx:configRequest", (request) => {
    request.path = location.pathname + location.search; // without the fragment: htmx would scroll to it
    request.headers["X-Rota-Live"] = "1";
    if (tag) request.headers["If-None-Match"] = tag;
  });
  on("htmx:beforeRequest", (_, event) => { if (paused || busy()) event.preventDefault(); });
  on("htmx:beforeSwap", (answer) => {
    heardAt(answer.xhr.getResponseHeader("Date"));
    if (answer.xhr.status === 401 || isOfAnotherPage(answer)) { answer.shouldSwap = false; location.reload(); return; }
    answer.shouldSwap &&= !busy() && answer.serverResponse.includes("<main");
    if (!answer.shouldSwap) return;
    tag = answer.xhr.getResponseHeader("ETag");
    ends = [...document.querySelectorAll("[data-follow]")].filter(isAtEnd);
  });
  on("htmx:afterSwap", () => {
    changed();
    for (const one of ends) one.scrollTop = one.scrollHeight;
  });
}

function toggle(button, look) {
  if (!button) return;
  const show = () => {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(!paused));
    button.textContent = paused ? "Paused" : "Live";
    button.title = paused ? "Follow what happens" : "Stop the page from changing";
  };
  button.addEventListener("click", () => { paused = !paused; store("rota-live", paused ? "off" : "on"); show(); look(); });
  show();
}
