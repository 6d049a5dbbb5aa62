"""How long the runs of a schedule took, and how late they began: numbers, and the rows that charts are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from rota.core.records import BriefRun
from rota.operations.shapes import utc
from rota.operations.strips import JUDGED, MONTH, half_and_most, lag, length, since, success
from rota.web.ui.formats import brief_span, kind_of
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


def rows(runs: Sequence[BriefRun], zone: str, link: Callable[[str], str | None]) -> Markup:
    """Write runs as rows of a table, newest first, with the seconds that `plots.js` draws.

    A page has hundreds of them: they are written by hand.
    """
    clocks, safe = ZoneInfo(zone), escape(zone)
    return Markup("".join(_row(run, clocks, safe, link(run.id)) for run in reversed(runs)))  # noqa: S704


def _row(run: BriefRun, clocks: ZoneInfo, zone: Markup, href: str | None) -> str:
    """Write one run; of what is in it nothing but the link and the zone comes from elsewhere."""
    assert run.started_at is not None
    took, late, word = length(run), lag(run), word_of(run)
    at, local = utc(run.started_at), run.started_at.astimezone(clocks)
    offset = local.strftime("%z")
    state = f'<a href="{escape(href)}">{word}</a>' if href else word
    return (
        f'<tr id="p-{run.id}" data-at="{at}" data-kind="{kind_of(word)}"{_seconds("late", late)}'
        f'{_seconds("took", took)}><td data-label="Began"><time datetime="{at}" data-zone="{zone}">'
        f"{local:%d %b %H:%M:%S} {offset[:3]}:{offset[3:]}</time></td>"
        f'<td data-label="State">{state}</td><td data-label="Late" class="right">{brief_span(late)}</td>'
        f'<td data-label="Took" class="right">{brief_span(took)}</td></tr>\n'
    )


def _seconds(name: str, span: timedelta | None) -> str:
    return "" if span is None else f' data-{name}="{span.total_seconds():.3f}"'
