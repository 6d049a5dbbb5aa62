// What stays when htmx changes a page in place: what is typed, opened, selected and drawn, and where the focus is.
const THEIRS = "input, textarea, select, [data-keep]";
// What scripts and people have set on an element.
const KEPT = { DETAILS: ["open"], TR: ["class"], TIME: ["tabindex", "aria-describedby"], FORM: ["data-ready"] };

const isSameTime = (from, to) => from.matches("time[data-rel]") && from.dateTime === to.dateTime;

export function keepWhatIsTheirs() {
  Object.assign(Idiomorph.defaults.callbacks, {
    beforeNodeMorphed: (from, to) => from.nodeType !== Node.ELEMENT_NODE || !(from.matches(THEIRS) || isSameTime(from, to)),
    beforeAttributeUpdated(name, one, change) {
      if (one.nodeName === "TIME" && name === "title") return one.hasAttribute(name) && change === "update";
      return !KEPT[one.nodeName]?.includes(name);
    },
  });
}
