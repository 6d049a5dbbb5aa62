"""How values are written on pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from rota.core.records import Run, RunState
from rota.operations.masking import masked
from rota.operations.shapes import utc
from rota.operations.why_run import said

DATED = "%a %d %b %H:%M"  # an instant of the coming weeks
_AFTER_A_PART = re.compile(r"([_./:-])(?=\w)")

# State: sign and class. Never colour alone: each has a sign of its own, and its word beside it.
MARKS: Mapping[str, tuple[str, str]] = {
    "active": ("●", "good"),
    "succeeded": ("✓", "good"),
    "running": ("▶", "busy"),
    "pending": ("◷", "calm"),
    "retrying": ("↻", "warn"),
    "failed": ("✕", "bad"),
    "missed": ("○", "warn"),
    "expired": ("⌛", "warn"),
    "skipped": ("⤼", "calm"),
    "cancelled": ("⊘", "calm"),
    "paused": ("‖", "calm"),
    "finished": ("■", "calm"),
    "retired": ("□", "calm"),
    "quarantined": ("!", "bad"),
    "error": ("✕", "bad"),
    "warning": ("▲", "warn"),
    "info": ("i", "calm"),
    "ok": ("✓", "good"),
    "timed_out": ("⏱", "bad"),
    "lost": ("?", "bad"),
    "released": ("↩", "calm"),
    "live": ("●", "good"),
    "draining": ("◑", "warn"),
    "overridden": ("✎", "busy"),
}


def badge(state: str) -> Markup:
    """Write a state: its sign, its word, its colour."""
    sign, kind = MARKS.get(str(state), ("·", "calm"))
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        kind, sign, str(state).replace("_", " ")
    )


def ago(at: datetime | None, now: datetime) -> str:
    """Write an instant as seen from now, to the minute: `in 12 minutes`, `2 hours ago`.

    No finer, so that a page that is asked for again is the same page; `times.js` has the same words.
    """
    if at is None:
        return "never"
    span = at - now
    words = roughly(abs(span))
    return f"in {words}" if span > timedelta(0) else f"{words} ago"


def roughly(span: timedelta) -> str:
    """Say a duration in minutes, hours or days: two units at most."""
    minutes = int(span // timedelta(minutes=1))
    days, hours = minutes // 1440, minutes // 60 % 24
    if not minutes:
        return "less than a minute"
    if days >= 10:
        return plural(days, "day")
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes % 60, "minute")]
    return " ".join(plural(count, unit) for count, unit in parts if count)


def moment(at: datetime | None, now: datetime, zone: str = "UTC") -> Markup:
    """Write an instant relative to now, with the absolute ones for whoever points at it."""
    if at is None:
        return Markup('<span class="faint">–</span>')
    return timed(at, zone, ago(at, now), is_relative=True)


def timed(at: datetime, zone: str, text: str, *, is_relative: bool = False) -> Markup:
    """Write an instant as `text`, with all that `moments.js` makes its card of, and the same as a title."""
    return Markup('<time datetime="{}" title="{}" data-zone="{}"{}>{}</time>').format(
        utc(at), absolute(at, zone), zone, Markup(" data-rel") if is_relative else "", text
    )


def stamp(at: datetime | None, zone: str = "UTC") -> Markup:
    """Write an instant to the second, with its offset."""
    if at is None:
        return Markup('<span class="faint">–</span>')
    local = at.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    shown = "UTC" if zone == "UTC" else f"{offset[:3]}:{offset[3:]}"
    return timed(at, zone, f"{local:%Y-%m-%d %H:%M:%S} {shown}")


def shown_state(run: Run) -> str:
    """Return the word for where a run stands; one that waits for another attempt is `retrying`."""
    return "retrying" if run.state is RunState.PENDING and run.attempt > 0 else str(run.state)


def kind_of(state: str) -> str:
    """Return the colour of a state, as a class."""
    return MARKS.get(str(state), ("·", "calm"))[1]


def took(run: Run) -> str:
    """Write how long a run took, or nothing while it has not ended."""
    return span(run.finished_at - run.started_at) if run.finished_at and run.started_at else "–"


def absolute(at: datetime, zone: str = "UTC") -> str:
    """Write an instant in a zone, with its offset, and in UTC unless that is the zone."""
    local = at.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    written = f"{local:%a %d %b %Y %H:%M:%S} {offset[:3]}:{offset[3:]} {zone}"
    return written if zone == "UTC" else f"{written} · {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def clock(at: datetime, zone: str = "UTC") -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def span(value: timedelta | None) -> str:
    """Write how long something took: `84 ms`, `1.84 s`, `3 minutes 12 seconds`."""
    if value is None:
        return "–"
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else said(value)


def percent(part: float | None) -> str:
    """Write a part of one: `98%`; never 100% when something is missing from it."""
    if part is None:
        return "–"
    return f"{min(round(part * 100), 99) if part < 1 else 100}%"


def short(at: datetime, now: datetime, zone: str = "UTC") -> Markup:
    """Write an instant in a zone in few characters: the time alone on the same day, else with its date."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    form = (
        "%H:%M" if local.date() == today.date() else "%d %b %H:%M" if local.year == today.year else "%d %b %Y"
    )
    return timed(at, zone, f"{local.strftime(form)} {offset[:3]}:{offset[3:]}")


def between(start: datetime, until: datetime | None, zone: str = "UTC") -> Markup:
    """Write from when until when, in a zone: `Sun 29 Nov 02:00 to 04:00 +01:00`."""
    begin = start.astimezone(ZoneInfo(zone))
    if until is None:
        return Markup("{} until it is resumed").format(
            timed(start, zone, f"{begin:{DATED}} {_offset(begin)}")
        )
    end = until.astimezone(ZoneInfo(zone))
    form = "%H:%M" if begin.date() == end.date() else DATED
    first = f"{begin:{DATED}}" + (f" {_offset(begin)}" if begin.utcoffset() != end.utcoffset() else "")
    return Markup("{} to {}").format(
        timed(start, zone, first), timed(until, zone, f"{end:{form}} {_offset(end)}")
    )


def _offset(local: datetime) -> str:
    written = local.strftime("%z")
    return f"{written[:3]}:{written[3:]}"


def day(at: datetime, zone: str = "UTC") -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%d %B}".lstrip("0")


def exact(at: datetime | str, zone: str = "UTC") -> Markup:
    """Write an instant in a zone with its day of the week, and its offset."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    local = at.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    return timed(at, zone, f"{local:%a %d %b %Y %H:%M:%S} {offset[:3]}:{offset[3:]}")


def near(at: datetime | str, now: datetime) -> str:
    """Write an instant as seen from now in one unit, for tables: `in 13 min`, `5 h ago`."""
    away = (datetime.fromisoformat(at) if isinstance(at, str) else at) - now
    text = brief_span(abs(away))
    return f"in {text}" if away > timedelta(0) else f"{text} ago"


def brief_span(value: timedelta | None) -> str:
    """Write how long something takes in one unit: `850 ms`, `2.1 s`, `8 min`, `3 h`, `2 d`."""
    if value is None:
        return "–"
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds >= 172_800:
        return f"{seconds / 86_400:.0f} d"
    if seconds >= 3_600:
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{hours} h {minutes} min" if minutes and hours < 4 else f"{seconds / 3_600:.0f} h"
    if seconds >= 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def when(at: datetime | None, now: datetime, zone: str = "UTC") -> Markup:
    """Write an instant for a table: near, with the absolute ones for whoever points at it."""
    if at is None:
        return Markup('<span class="faint">–</span>')
    return timed(at, zone, near(at, now))


def per_day(rate: float) -> str:
    """Write how often something is due: in a day, or in a week or year when that is seldom."""
    for span_, times in (("day", 1.0), ("week", 7.0), ("year", 365.0)):
        if rate * times >= 1:
            found = rate * times
            about = "" if span_ == "day" else "about "  # the rate is that of its next week
            return (
                f"{about}{'once' if round(found, 1) == 1 else number(round(found, 1)) + ' times'} a {span_}"
            )
    return "less than once a year" if rate else "not in the next week"


def mark_of(run: Any) -> Markup:
    """Write the sign of a run's state alone, its word for those who do not see it."""
    sign, kind = MARKS.get(str(run.state), ("·", "calm"))
    return Markup(
        '<span class="mark {}" aria-hidden="true" title="{}">{}</span><span class="hidden">{}</span>'
    ).format(kind, run.state, sign, run.state)


def why_of(origin: str, run: Any) -> str:
    """Say what made a run."""
    if run.is_catch_up and origin == "occurrence":
        return "caught up"
    words = {"occurrence": "due", "manual": "run by hand", "enqueue": "enqueued", "retry": "retried"}
    by = f", {run.by}" if run.by else ""
    return words.get(str(origin), str(origin)) + by


def brief_value(value: Any) -> str:
    """Write a value of a field for a table: texts as they are, anything else as JSON."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else as_text(value)


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def pretty(value: Any) -> str:
    """Write a value as JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def as_text(value: Any) -> str:
    """Write a value as JSON in one line, for a field of a form."""
    return json.dumps(value, ensure_ascii=False, default=str)


def prose(text: str) -> Markup:
    """Write a sentence of ours in which commands stand between backquotes."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them is not a pair: it came from elsewhere
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(one) if at % 2 else escape(one) for at, one in enumerate(parts)
    )


def breakable(name: str) -> Markup:
    """Write a name so that a narrow column breaks it between its parts: `delete_old_` / `messages`."""
    return Markup(_AFTER_A_PART.sub(r"\1<wbr>", str(escape(name))))  # noqa: S704 - escaped before


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "badge": badge,
    "ago": ago,
    "moment": moment,
    "absolute": absolute,
    "clock": clock,
    "span": span,
    "number": number,
    "percent": percent,
    "between": between,
    "short": short,
    "day": day,
    "stamp": stamp,
    "exact": exact,
    "near": near,
    "brief_span": brief_span,
    "when": when,
    "per_day": per_day,
    "mark_of": mark_of,
    "why_of": why_of,
    "brief_value": brief_value,
    "masked": masked,
    "pretty": pretty,
    "breakable": breakable,
    "plural": plural,
    "tojson_text": as_text,
    "prose": prose,
    "roughly": roughly,
    "state": shown_state,
    "kind": kind_of,
    "took": took,
}
