// "3 minutes ago", told by the browser: the page from the server stays the same, and a poll is answered by 304.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

// The words of the server (rota.web.ui.formats.ago): at most two units, minutes at the finest.
export function words(seconds) {
  const span = Math.abs(seconds);
  if (span < 60) return seconds > 0 ? "in less than a minute" : "less than a minute ago";
  const parts = [];
  let rest = span;
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    if (parts.length && (name === "hour" ? span >= 86400 : name === "day" && span >= 864000)) break;
  }
  const said = parts.slice(0, 2).join(" ");
  return seconds > 0 ? `in ${said}` : `${said} ago`;
}

// Instants count from the server's clock: that of this machine may be wrong. A difference of a few seconds is
// the way that the answer took.
let offset = 0;
export function heardAt(date) {
  const drift = Date.parse(date ?? "") - Date.now();
  if (drift) offset = Math.abs(drift) > 30_000 ? drift : 0;
}

export function tellTimes() {
  const now = Date.now() + offset;
  for (const one of document.querySelectorAll("time[data-rel]")) {
    const said = words((Date.parse(one.dateTime) - now) / 1000);
    if (one.textContent !== said) one.textContent = said;
  }
}

setInterval(tellTimes, 5000);
