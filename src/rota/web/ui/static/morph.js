// Put a new page in the place of the old one, keeping the elements that are the same: focus, selection, open
// details, what is typed and where things are scrolled to stay.
const TYPED = "input, textarea, select";
// What scripts and people have set on an element.
const KEPT = { DETAILS: ["open"], TR: ["class"], TIME: ["tabindex", "title", "aria-describedby"] };

export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || (from.id || "") !== (to.id || "")) {
    from.replaceWith(to);
    return;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) { from.nodeValue = to.nodeValue; return; }
  if (from.matches(TYPED) || from.matches("[data-keep]")) return; // theirs who type
  if (from.matches("time[data-rel]") && from.dateTime === to.dateTime) return;
  attributes(from, to);
  children(from, to);
}

function attributes(from, to) {
  const kept = KEPT[from.nodeName] ?? [];
  if (from.nodeName === "TIME" && from.title) from.title = to.title;
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !kept.includes(name)) from.removeAttribute(name);
  for (const { name, value } of [...to.attributes]) if (!kept.includes(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
}

function children(from, to) {
  const wanted = [...to.childNodes];
  const byId = new Map([...from.children].filter((one) => one.id).map((one) => [one.id, one]));
  wanted.forEach((next, place) => {
    const known = next.id ? byId.get(next.id) : null;
    const here = from.childNodes[place];
    if (known && known !== here) from.insertBefore(known, here ?? null);
    const now = from.childNodes[place];
    if (now) morph(now, next); else from.appendChild(next);
  });
  while (from.childNodes.length > wanted.length) from.lastChild.remove();
}
