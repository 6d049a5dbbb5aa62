// A card for each time: in the zone of its schedule, in the viewer's own and in UTC, each with its offset.
// By pointing, by tapping, or by focus; Escape puts it away. Without it, the title of a time says the same.
const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const WAIT = 150;
const PARTS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", weekday: "short", timeZoneName: "longOffset" };
let card = null;
let about = null; // the time that the card tells of
let timer = null;

export function iso(instant, zone) {
  const found = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { ...PARTS, timeZone: zone }).formatToParts(instant).map((one) => [one.type, one.value]));
  const offset = zone === "UTC" ? "Z" : found.timeZoneName.replace("GMT", "") || "+00:00";
  return [found.weekday, `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}:${found.second}${offset}`];
}

function lines(time) {
  const wanted = [["Schedule", time.dataset.zone], ["You", OWN], ["", "UTC"]];
  return wanted.filter(([who, zone]) => zone !== "UTC" || !who).map(([who, zone]) => {
    const [day, text] = iso(new Date(time.dateTime), zone);
    const row = document.createElement("div");
    const name = Object.assign(document.createElement("dt"), { textContent: who ? `${who}: ${zone}` : zone });
    const value = Object.assign(document.createElement("dd"), { textContent: `${day} ${text}` });
    row.append(name, value);
    return row;
  });
}

function show(time) {
  clearTimeout(timer);
  if (about === time) return;
  hide();
  card ??= document.body.appendChild(Object.assign(document.createElement("div"), { id: "time-card", className: "time-card" }));
  card.setAttribute("role", "tooltip");
  const list = document.createElement("dl");
  list.append(...lines(time));
  card.replaceChildren(list);
  card.hidden = false;
  about = time;
  time.removeAttribute("title"); // the browser's own card would lie over this one
  time.setAttribute("aria-describedby", card.id);
  const [here, own] = [time.getBoundingClientRect(), card.getBoundingClientRect()];
  const left = Math.max(8, Math.min(here.left, document.documentElement.clientWidth - own.width - 8));
  const below = here.bottom + 6;
  card.style.left = `${left}px`;
  card.style.top = `${below + own.height > innerHeight ? Math.max(8, here.top - own.height - 6) : below}px`;
}

function hide() {
  clearTimeout(timer);
  about?.removeAttribute("aria-describedby");
  about = null;
  if (card) card.hidden = true;
}

const timeOf = (event) => event.target.closest?.("time[data-zone]");
const later = (act) => { clearTimeout(timer); timer = setTimeout(act, WAIT); };

// Those in tables are too many to be stops of the Tab key: there `t` goes to the times of a row.
export function reachTimes() {
  for (const time of document.querySelectorAll("time[data-zone]:not([tabindex])")) {
    if (!time.closest("a, button, tbody, label, summary")) time.tabIndex = 0;
  }
}

export function nextTime() {
  const times = [...document.querySelectorAll("tr.at time[data-zone]")];
  const next = times[(times.indexOf(document.activeElement) + 1) % times.length];
  if (!next) return false;
  if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
  next.focus();
  return true;
}

export function timeCards() {
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const time = timeOf(event);
    if (time) later(() => show(time));
    else if (about && event.target.closest?.("#time-card")) clearTimeout(timer);
    else if (about && document.activeElement !== about) later(hide);
  });
  document.addEventListener("focusin", (event) => { const time = timeOf(event) ?? event.target.querySelector?.(":scope > time[data-zone]"); if (time) show(time); else hide(); });
  document.addEventListener("focusout", () => later(hide));
  document.addEventListener("click", (event) => { const time = timeOf(event); if (time && !time.closest("a, button, summary")) show(time); else if (!event.target.closest("#time-card")) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", () => { if (about) hide(); }, { passive: true, capture: true });
}
