"""Pictures that the server draws. Each is SVG of classes and percentages: nothing inline, any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from rota.core.records import RunState
from rota.operations.history import Hour
from rota.operations.shapes import utc
from rota.operations.timeline import Lane, Timeline
from rota.web.ui.formats import clock, kind_of, shown_state, took

HEIGHT = 96
GAP = 0.35  # percent of the width between two bars
# From the foot of a bar to its top: what went well stands on the ground.
ORDER = ("good", "busy", "calm", "warn", "bad")
LANE_HEIGHT = 34
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
        Markup('<text x="{}%" y="{}">{}</text>').format(
            _number(place * width), HEIGHT + 18, clock(hour.start)
        )
        for place, hour in enumerate(hours)
        if place % 6 == 0
    ]
    head = Markup('<svg class="chart" height="{}" role="group" aria-label="Runs of the last 24 hours">')
    return head.format(HEIGHT + 24) + Markup("").join([*parts, *labels]) + Markup("</svg>")


def _hour(hour: Hour, x: float, width: float, most: int, href: str) -> Markup:
    title = f"{clock(hour.start)} UTC: {in_words(hour.counts)}"
    if not hour.total:
        return Markup(
            '<rect class="f-none" x="{}%" y="{}" width="{}%" height="2" rx="1"><title>{}</title></rect>'
        ).format(_number(x), HEIGHT - 2, _number(width), title)
    foot, bars = float(HEIGHT), Markup("")
    for kind, count in kinds(hour.counts).items():
        height = max(count / most * (HEIGHT - 4), 3)
        foot -= height
        bars += Markup('<rect class="f-{}" x="{}%" y="{}" width="{}%" height="{}" rx="1.5"/>').format(
            kind, _number(x), _number(foot), _number(width), _number(height - 0.75)
        )
    return Markup('<a href="{}" aria-label="{}">{}<title>{}</title></a>').format(href, title, bars, title)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def lane_chart(lane: Lane, whole: Timeline, href: Callable[[str], str]) -> Markup:
    """Draw the runs of one lane: past ones solid, future ones outlined, as long as they take."""
    head = Markup('<svg class="chart" height="{}" role="group" aria-label="{}">').format(
        LANE_HEIGHT, lane.name
    )
    return (
        head
        + _grid(whole)
        + Markup("").join([*_past(lane, whole, href), *_future(lane, whole)])
        + Markup("</svg>")
    )


def _place(at: datetime, whole: Timeline) -> float:
    return max(0.0, min(100.0, (at - whole.start) / (whole.end - whole.start) * 100))


def _grid(whole: Timeline) -> Markup:
    lines = [(at, "grid") for at in whole.ticks] + [(whole.now, "now")]
    one = Markup('<line class="{}" x1="{}%" x2="{}%" y1="0" y2="{}"/>')
    return Markup("").join(
        one.format(kind, _number(_place(at, whole)), _number(_place(at, whole)), LANE_HEIGHT)
        for at, kind in lines
    )


def _past(lane: Lane, whole: Timeline, href: Callable[[str], str]) -> Iterator[Markup]:
    for run in lane.runs:
        begin = run.started_at or run.planned_at or run.created_at
        left = _place(begin, whole)
        right = _place(run.finished_at or (whole.now if run.started_at else begin), whole)
        state = shown_state(run)
        title = f"{lane.name}, {begin:%H:%M:%S} UTC: {state}{f', {took(run)}' if run.finished_at else ''}"
        yield Markup(
            '<a href="{}" aria-label="{}"><rect class="f-{}" x="{}%" y="9" width="{}%" height="16" rx="2"/>'
            "<title>{}</title></a>"
        ).format(
            href(run.id), title, kind_of(state), _number(left), _number(max(right - left, NARROWEST)), title
        )


def _future(lane: Lane, whole: Timeline) -> Iterator[Markup]:
    width = max((lane.typical or timedelta(0)) / (whole.end - whole.start) * 100, NARROWEST_PLANNED)
    for at in lane.planned:
        yield Markup(
            '<rect class="f-planned" x="{}%" y="10" width="{}%" height="14" rx="2">'
            "<title>planned: {}</title></rect>"
        ).format(_number(_place(at, whole)), _number(width), utc(at))


def axis(whole: Timeline) -> Markup:
    """Draw the times above the lanes."""
    form = "%a %H:%M" if whole.end - whole.start > timedelta(hours=20) else "%H:%M"
    texts = [
        Markup('<text x="{}%" y="14">{}</text>').format(_number(_place(at, whole)), at.strftime(form))
        for at in whole.ticks[: -1 : 2 if len(whole.ticks) > 7 else 1]
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
