"""Values as Django's admin shows them: the words and signs of Rota's own UI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.urls import get_urlconf, reverse
from django.utils.html import format_html, format_html_join

from rota.core.records import Run
from rota.operations.masking import masked
from rota.web.ui import formats
from rota.web.ui.audit import Difference
from rota.web.ui.pages import SOME_RUN
from rota.web.ui.strip import Shown, drawn, strip, word_of

NOTHING = "–"


def badge(state: str) -> Any:
    """Write a state: its sign, its word, its colour."""
    return format_html(
        '<span class="rota-state rota-{}">{}</span>', formats.kind_of(state), formats.badge(state)
    )


def when(at: datetime | None, now: datetime, zone: str = "UTC") -> Any:
    """Write an instant as seen from now, with the absolute one for whoever points at it."""
    return NOTHING if at is None else format_html("{}", formats.when(at, now, zone))


def instant(at: datetime | None, now: datetime, zone: str = "UTC") -> Any:
    """Write an instant in full, and as seen from now."""
    if at is None:
        return NOTHING
    return format_html(
        '{} <span class="quiet">({})</span>', formats.absolute(at, zone), formats.near(at, now)
    )


def picture(runs: Sequence[Shown], now: datetime, zone: str, count: int) -> Any:
    """Draw the last runs; each leads to its page."""
    seen = strip(runs, now, count=count, zone=zone)
    return format_html(
        '<span class="rota-strip">{}<span class="visually-hidden">{}</span></span>',
        drawn(seen, run_url),
        seen.words,
    )


def run_url(run_id: str) -> str:
    """Return the page of a run in the admin."""
    return _run_url(get_urlconf()).replace(SOME_RUN, run_id)


@cache
def _run_url(urlconf: str | None) -> str:
    return str(reverse("admin:rota_run_change", args=[SOME_RUN]))


def run_link(run_id: str | None) -> Any:
    """Write a run as a link to its page, by the end of its id, which tells runs apart."""
    return (
        NOTHING
        if run_id is None
        else format_html('<a href="{}"><code>{}</code></a>', run_url(run_id), run_id[-12:])
    )


def link(address: str, label: str) -> Any:
    """Write a link."""
    return format_html('<a href="{}">{}</a>', address, label)


def schedule_link(schedule_id: str | None, name: str | None) -> Any:
    """Write a schedule as a link to its page."""
    if name is None:
        return NOTHING
    if schedule_id is None:
        return name
    return link(reverse("admin:rota_schedule_change", args=[schedule_id]), name)


def code(text: str) -> Any:
    """Write text as it is, in lines of its own."""
    return format_html('<pre class="rota-text" tabindex="0">{}</pre>', text) if text else NOTHING


def value(one: Any) -> Any:
    """Write a value as JSON, secrets masked."""
    return NOTHING if one is None or one == {} else code(formats.pretty(masked(one)))


def lines(items: Sequence[Any]) -> Any:
    """Write one thing below the other."""
    rows = format_html_join("", "<li>{}</li>", ((one,) for one in items))
    return format_html('<ul class="rota-lines">{}</ul>', rows) if items else NOTHING


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    """Write a table; nothing if it has no rows."""
    if not rows:
        return NOTHING
    head = format_html_join("", '<th scope="col">{}</th>', ((one,) for one in heads))
    cells = (format_html_join("", "<td>{}</td>", ((one,) for one in row)) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", ((one,) for one in cells))
    whole = "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
    return format_html(f'<div class="rota-table" tabindex="0">{whole}</div>', head, body)


def run_state(run: Run | Shown) -> Any:
    """Write where a run stands."""
    times = format_html(' <span class="quiet">× {}</span>', run.count) if run.count > 1 else ""
    return format_html("{}{}", badge(word_of(run)), times)


def safe(markup: Any) -> Any:
    """Return what has been escaped already as a text that Django knows to be so."""
    return format_html("{}", markup)


def stamp(at: datetime | None, zone: str = "UTC") -> Any:
    """Write an instant to the second, with its offset."""
    return safe(formats.stamp(at, zone))


def small_code(text: str) -> Any:
    """Write a name as it stands in the code."""
    return format_html("<code>{}</code>", text)


def labelled(label: str, one: Any) -> Any:
    """Write something behind what it is."""
    return format_html('<span class="quiet">{}</span> {}', label, one)


def brief(one: Any) -> str:
    """Write a value of a field in one line."""
    return formats.brief_value(one)[:200]


def took(run: Run) -> str:
    """Write how long a run took."""
    return formats.took(run)


def changes(found: Sequence[Difference]) -> Any:
    """Write what an operation changed, field by field."""
    return lines([_change(one) for one in found if (one.before, one.after) != (None, None)])


def _change(one: Difference) -> Any:
    label = f"{one.field}: " if one.field else ""
    if one.before is None:
        return format_html("{}{}", label, one.after)
    if one.after is None:
        return format_html("{}<del>{}</del>", label, one.before)
    return format_html("{}{} → {}", label, one.before, one.after)
