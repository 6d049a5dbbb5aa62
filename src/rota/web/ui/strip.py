"""A strip of runs as a picture: height is duration, colour and shape are the outcome. Pure.

Usage: `strip(runs, now)` here, `{{ strip(one) }}` of `_strip.html` in a template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Protocol
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from rota.core.records import RunState
from rota.core.words import join_words
from rota.web.ui.formats import MARKS, brief_span

FOOT = 6  # pixels below the bars, for signs
SHORTEST = 4
ORDER = ("succeeded", "failed", "missed", "expired", "skipped", "cancelled", "running", "retrying", "pending")


class Shown(Protocol):
    """What is drawn: a `BriefRun`, or a `Run`."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> RunState: ...
    @property
    def attempt(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def planned_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Bar:
    """One run.

    Attributes:
        path: The shape, for `d` of an SVG path.
        kind: `good`, `bad` ...: the class of its colour.
        label: All of it in words.
    """

    run_id: str
    x: int
    path: str
    kind: str
    word: str
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawing of runs, oldest first, and what it says in words."""

    bars: tuple[Bar, ...]
    pitch: int
    width: int
    tall: int
    height: int
    words: str


def strip(
    runs: Sequence[Shown],
    now: datetime,
    *,
    count: int = 60,
    zone: str = "UTC",
    pitch: int = 4,
    tall: int = 26,
) -> Strip:
    """Draw the last `count` of `runs`, oldest first; the latest is at the right end.

    Args:
        pitch: Pixels from one run to the next.
        tall: Pixels of the longest.
    """
    shown = list(runs)[-count:]
    lengths = [took(run, now) for run in shown]  # once: a page has thousands of these bars
    longest = max(lengths, default=timedelta(0))
    empty, wide, clocks = count - len(shown), pitch - max(pitch // 4, 1), ZoneInfo(zone)
    bars = []
    for place, (run, length) in enumerate(zip(shown, lengths, strict=True), empty):
        # The root: beside one run that took an hour, those of a minute still differ from those of a second.
        part = sqrt(length / longest) if length else 0.0
        high = round(SHORTEST + (tall - SHORTEST) * part)
        x, word = place * pitch, word_of(run)
        shape, kind = _shape(word, x, wide, tall, high), MARKS.get(word, ("", "calm"))[1]
        bars.append(Bar(run.id, x, shape, kind, word, _label(run, word, length, clocks)))
    return Strip(tuple(bars), pitch, count * pitch, tall, tall + FOOT, in_words(shown))


def took(run: Shown, now: datetime) -> timedelta:
    """Return how long a run took, or has taken so far."""
    if run.started_at is None:
        return timedelta(0)
    return max((run.finished_at or now) - run.started_at, timedelta(0))


def word_of(run: Shown) -> str:
    """Return the word for where a run stands; one that waits for its next attempt is `retrying`."""
    return "retrying" if run.state is RunState.PENDING and run.attempt > 0 else str(run.state)


def in_words(runs: Sequence[Shown]) -> str:
    """Say how many ended how: `Last 60 runs: 57 succeeded, 3 failed`."""
    if not runs:
        return "No runs yet"
    counts = Counter(word_of(run) for run in runs)
    parts = [f"{counts[word]} {word}" for word in ORDER if counts[word]]
    return f"Last {len(runs)} runs: {join_words(parts)}" if len(runs) > 1 else f"Last run: {parts[0][2:]}"


def drawn(one: Strip, link: Callable[[str], str | None]) -> Markup:
    """Write the picture as SVG; `link` gives the address of a run. A page has thousands of these bars."""
    parts = [
        f'<svg viewBox="0 0 {one.width} {one.height}" width="{one.width}" height="{one.height}"'
        f' aria-hidden="true" focusable="false"><path class="ground" d="M0 {one.tall}.5H{one.width}"/>'
    ]
    for bar in one.bars:
        shape = f'<path class="{bar.kind}" d="{bar.path}"><title>{escape(bar.label)}</title></path>'
        address = link(bar.run_id)
        parts.append(f'<a href="{escape(address)}" tabindex="-1">{shape}</a>' if address else shape)
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - every text in it is escaped above


def _label(run: Shown, word: str, length: timedelta, clocks: ZoneInfo) -> str:
    times = f", {run.count} times" if run.count > 1 else ""
    taken = f", {brief_span(length)}" if run.started_at else ""
    return f"{word}{taken}{times}, {(run.planned_at or run.created_at).astimezone(clocks):%a %d %b %H:%M %z}"


def _shape(word: str, x: int, wide: int, tall: int, high: int) -> str:
    """Return the shape of an outcome: each differs from the others without its colour."""
    top, right, middle = tall - high, x + wide, x + wide / 2
    solid = f"M{x} {tall}V{top}H{right}V{tall}Z"
    if word == "succeeded":
        return solid
    if word == "failed":  # a bar on a point
        return f"{solid}M{x} {tall + 1}H{right}L{middle} {tall + FOOT}Z"
    if word in ("running", "retrying"):  # a bar in pieces: more is to come
        pieces = range(tall, top, -4)
        return "".join(f"M{x} {low}V{max(low - 2, top)}H{right}V{low}Z" for low in pieces)
    if word == "cancelled":  # a bar cut off by a slanted line
        return f"M{x} {tall}V{top + 3}L{right} {top}V{tall}Z"
    if word == "pending":  # a small square on the ground
        return f"M{x} {tall}V{tall - wide}H{right}V{tall}Z"
    if word == "skipped":  # a dash
        return f"M{x} {tall - 1}V{tall - 3}H{right}V{tall - 1}Z"
    # missed, expired: nothing ran; an empty diamond
    half = wide / 2
    return _diamond(middle, tall - 6, half, 5) + _diamond(middle, tall - 6, half / 3, 2)


def _diamond(x: float, y: int, wide: float, high: int) -> str:
    return f"M{x:g} {y - high}L{x + wide:g} {y}L{x:g} {y + high}L{x - wide:g} {y}Z"
