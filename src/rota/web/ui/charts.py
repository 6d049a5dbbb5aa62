"""Pictures that the server draws. Each is SVG of classes and percentages: nothing inline, any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from rota.core.records import RunState
from rota.operations.history import Hour
from rota.operations.shapes import utc
from rota.operations.strips import length
from rota.operations.timeline import Lane, Load, Timeline
from rota.web.ui.formats import clock, kind_of, span
from rota.web.ui.strip import Shown, word_of

HEIGHT = 96
GAP = 0.35  # percent of the width between two bars
# From the foot of a bar to its top: what went well stands on the ground.
ORDER = ("good", "busy", "calm", "warn", "bad")
LANE_HEIGHT, LOAD_HEIGHT = 34, 44
NARROWEST, NARROWEST_PLANNED = 0.55, 0.85  # an outline needs room inside


def kinds(counts: Mapping[RunState, int]) -> dict[str, int]:
    """Return counts by colour, in the order they are stacked."""
    found = dict.fromkeys(ORDER, 0)
    for state, count in counts.items():
        found[kind_of(str(state))] += count
    return {kind: count for kind, count in found.items() if count}


def in_words(counts: Mapping[RunState, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())) or "none"


def hours_chart(hours: Sequence[Hour], href: Callable[[datetime], str]) -> Markup:
    """Draw one bar per hour, coloured by what became of its runs; each leads to them."""
    most = max((hour.total for hour in hours), default=0) or 1
    width = 100 / max(len(hours), 1)
    parts = [
        _hour(hour, place * width, width - GAP, most, href(hour.start)) for place, hour in enumerate(hours)
    ]
    labels = [
        f'<text x="{_number(place * width)}%" y="{HEIGHT + 18}">{clock(hour.start)}</text>'
        for place, hour in enumerate(hours)
        if place % 6 == 0
    ]
    head = f'<svg class="chart" height="{HEIGHT + 24}" role="group" aria-label="Runs of the last 24 hours">'
    return Markup("".join([head, *parts, *labels, "</svg>"]))  # noqa: S704 - as in lane_chart


def _hour(hour: Hour, x: float, width: float, most: int, href: str) -> str:
    title = escape(f"{clock(hour.start)} UTC: {in_words(hour.counts)}")
    place = f'x="{_number(x)}%" width="{_number(width)}%"'
    if not hour.total:
        low = f'y="{HEIGHT - 2}" height="2" rx="1"'
        return f'<rect class="f-none" {place} {low}><title>{title}</title></rect>'
    foot, bars = float(HEIGHT), []
    for kind, count in kinds(hour.counts).items():
        height = max(count / most * (HEIGHT - 4), 3)
        foot -= height
        high = f'y="{_number(foot)}" height="{_number(height - 0.75)}"'
        bars.append(f'<rect class="f-{kind}" {place} {high} rx="1.5"/>')
    return f'<a href="{escape(href)}" aria-label="{title}">{"".join(bars)}<title>{title}</title></a>'


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def lane_chart(lane: Lane, whole: Timeline, href: Callable[[str], str]) -> Markup:
    """Draw the runs of one lane: past ones solid, future ones outlined, as long as they take."""
    name = escape(lane.name)
    parts = [
        f'<svg class="chart" height="{LANE_HEIGHT}" role="group" aria-label="{name}">',
        _grid(whole, LANE_HEIGHT),
        *_future(lane, whole),
        *_pause(lane, whole),
        *_past(lane, whole, name, href),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - every text in it is escaped where it is written


def _place(at: datetime, whole: Timeline) -> float:
    return max(0.0, min(100.0, (at - whole.start) / (whole.end - whole.start) * 100))


def _grid(whole: Timeline, height: int) -> str:
    lines = [(at, "grid") for at in whole.ticks] + [(whole.now, "now")]
    places = [(kind, _number(_place(at, whole))) for at, kind in lines]
    return "".join(
        f'<line class="{kind}" x1="{at}%" x2="{at}%" y1="0" y2="{height}"/>' for kind, at in places
    )


def _pause(lane: Lane, whole: Timeline) -> Iterator[str]:
    if (pause := lane.pause) is None:
        return
    left, right = _place(pause.start, whole), _place(pause.until or whole.end, whole)
    until = utc(pause.until) if pause.until else "it is resumed"
    title = f"paused by {pause.by} from {utc(pause.start)} until {until}"
    yield _bar(
        "f-pause", left, right, NARROWEST, f"{title}: {pause.reason}" if pause.reason else title, 4, 26
    )


def _past(lane: Lane, whole: Timeline, name: Markup, href: Callable[[str], str]) -> Iterator[str]:
    if lane.is_cut and lane.runs:
        yield _bar("f-none", 0, _place(begin_of(lane.runs[0]), whole), 0, "earlier runs are not drawn", 13, 8)
    for run in lane.runs:
        begin = begin_of(run)
        left = _place(begin, whole)
        right = _place(run.finished_at or (whole.now if run.started_at else begin), whole)
        state, span_ = word_of(run), length(run)
        title = f"{name}, {begin:%d %b %H:%M:%S} UTC: {state}{'' if span_ is None else f', {span(span_)}'}"
        bar = _bar(f"f-{kind_of(state)}", left, right, NARROWEST, None, 9, 16)
        yield f'<a href="{escape(href(run.id))}" aria-label="{title}">{bar}<title>{title}</title></a>'


def begin_of(run: Shown) -> datetime:
    """Return where a run stands on the timeline."""
    return run.started_at or run.planned_at or run.created_at


def _future(lane: Lane, whole: Timeline) -> Iterator[str]:
    typical = lane.typical or timedelta(0)
    if lane.ahead and not lane.planned and lane.first and lane.last:
        title = f"planned: {lane.ahead:,} times, from {utc(lane.first)} to {utc(lane.last)}"
        left, right = _place(lane.first, whole), _place(lane.last + typical, whole)
        yield _bar("f-planned many", left, right, NARROWEST_PLANNED, title, 10, 14)
    for at in lane.planned:
        title = f"planned: {utc(at)}{f', takes about {span(typical)}' if typical else ''}"
        left, right = _place(at, whole), _place(at + typical, whole)
        yield _bar("f-planned", left, right, NARROWEST_PLANNED, title, 10, 14)


def _bar(kind: str, left: float, right: float, narrowest: float, title: str | None, y: int, high: int) -> str:
    width = max(right - left, narrowest)
    place = f'x="{_number(min(left, 100 - narrowest))}%" y="{y}" width="{_number(width)}%" height="{high}"'
    if title is None:
        return f'<rect class="{kind}" {place} rx="2"/>'
    return f'<rect class="{kind}" {place} rx="2"><title>{escape(title)}</title></rect>'


def load_chart(whole: Timeline) -> Markup:
    """Draw how many runs are expected to begin in each part of the time ahead."""
    most = max((part.runs for part in whole.load), default=0) or 1
    bars = []
    for part in whole.load:
        high = round(part.runs / most * (LOAD_HEIGHT - 4))
        left, right = _place(part.start, whole), _place(part.end, whole) - GAP
        if high:
            bars.append(_bar("f-load", left, right, GAP, load_words(part), LOAD_HEIGHT - high, high))
    head = f'<svg class="chart" height="{LOAD_HEIGHT}" role="img" aria-label="Runs expected, by time">'
    return Markup("".join([head, _grid(whole, LOAD_HEIGHT), *bars, "</svg>"]))  # noqa: S704 - as above


def load_words(part: Load) -> str:
    """Say what is expected in one part of the time ahead."""
    busy = f", {part.busy:.1f} at once on average" if part.busy >= 0.05 else ""
    runs = "run" if part.runs == 1 else "runs"
    return f"{part.start:%d %b %H:%M} to {part.end:%d %b %H:%M} UTC: {part.runs:,} {runs}{busy}"


def axis(whole: Timeline) -> Markup:
    """Draw the times above the lanes."""
    length_ = whole.end - whole.start
    form = "%d %b" if length_ > timedelta(days=8) else "%a %d" if length_ > timedelta(days=3) else "%H:%M"
    form = "%a %H:%M" if timedelta(hours=20) < length_ < timedelta(days=3) else form
    shown = whole.ticks[: -1 : 2 if len(whole.ticks) > 7 else 1]
    texts = [
        Markup('<text{} x="{}%" y="14">{}</text>').format(
            Markup(' class="other"') if count % 2 else "", _number(_place(at, whole)), at.strftime(form)
        )
        for count, at in enumerate(shown)
    ]
    return (
        Markup('<svg class="chart" height="18" aria-hidden="true">')
        + Markup("").join(texts)
        + Markup("</svg>")
    )


def summed(counts: Mapping[RunState, int], *states: RunState) -> int:
    return sum(counts.get(state, 0) for state in states)


def rate(counts: Mapping[RunState, int]) -> str:
    """Say how many of those that ran to an end succeeded: `98%`; nothing without any."""
    good, bad = summed(counts, RunState.SUCCEEDED), summed(counts, RunState.FAILED)
    return f"{int(good / (good + bad) * 100)}%" if good + bad else "–"
