"""How long the runs of a schedule took, and how late they began: numbers, and the rows that charts are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from rota.core.records import BriefRun
from rota.operations.shapes import utc
from rota.operations.strips import JUDGED, MONTH, half_and_most, lag, length, since, success
from rota.web.ui.formats import brief_span, kind_of, short
from rota.web.ui.strip import word_of

DRAWN = 200  # runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the last 500 runs of a schedule say of its last 30 days.

    Attributes:
        count: How many runs that are.
        begin: The first of them, if there were more in these 30 days than are looked at.
        success: Which part succeeded, from 0.0 to 1.0.
        took, late: What half of them, and 95% of them, took at most, and began after their due time.
        drawn: The latest that began, oldest first.
    """

    count: int
    begin: datetime | None
    success: float | None
    took: tuple[timedelta, timedelta] | None
    late: tuple[timedelta, timedelta] | None
    drawn: tuple[BriefRun, ...]


def judged(runs: Sequence[BriefRun], now: datetime) -> Judged:
    """Return the numbers about a schedule from its last runs, oldest first. Pure."""
    recent = since(runs, now - MONTH)
    return Judged(
        count=len(recent),
        begin=recent[0].created_at if len(recent) == JUDGED else None,
        success=success(recent),
        took=half_and_most(map(length, recent)),
        late=half_and_most(map(lag, recent)),
        drawn=tuple(run for run in recent if run.started_at is not None)[-DRAWN:],
    )


def rows(runs: Sequence[BriefRun], now: datetime, zone: str, link: Callable[[str], str | None]) -> Markup:
    """Write runs as rows of a table, newest first, with the seconds that `plots.js` draws."""
    return Markup("").join(_row(run, now, zone, link(run.id)) for run in reversed(runs))


def _row(run: BriefRun, now: datetime, zone: str, href: str | None) -> Markup:
    assert run.started_at is not None
    took, late, word = length(run), lag(run), word_of(run)
    return Markup(
        '<tr id="p-{}" data-at="{}" data-kind="{}"{}{}><td data-label="Began">{}</td>'
        '<td data-label="State">{}</td><td data-label="Late" class="right">{}</td>'
        '<td data-label="Took" class="right">{}</td></tr>\n'
    ).format(
        run.id, utc(run.started_at), kind_of(word), _seconds("late", late), _seconds("took", took),
        short(run.started_at, now, zone), _linked(word, href), brief_span(late), brief_span(took),
    )  # fmt: skip


def _seconds(name: str, span: timedelta | None) -> Markup:
    return Markup("") if span is None else Markup(' data-{}="{}"').format(name, f"{span.total_seconds():.3f}")


def _linked(word: str, href: str | None) -> Markup:
    return Markup('<a href="{}">{}</a>').format(href, word) if href else escape(word)
