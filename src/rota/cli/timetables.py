"""`rota next` and `rota explain`: timetables, with no application needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rota.cli import instants, show
from rota.cli.apps import current_host, has_app, is_app, opened
from rota.core.timetables import parse_timetable
from rota.errors import InvalidTimetable, UnknownSchedule
from rota.operations.advice import warnings_about, zone_of

if TYPE_CHECKING:
    from rota.operations.foreseen import Foreseen

MOST = 1000
FROM_HELP = "An instant, such as 2026-03-29T00:00:00Z; default: now."


@dataclass(frozen=True, slots=True)
class _Due:
    """Occurrences, the zone to show them in, and what a pause leaves out between them."""

    instants: list[datetime]
    zone: str
    paused: list[Foreseen] = field(default_factory=list)


@click.command("next", epilog="Example: rota next 'daily 02:30' --tz Europe/Paris --count 3")
@click.argument("words", nargs=-1, metavar="[APP] EXPR|NAME")
@click.option("--tz", "zone", metavar="ZONE", help="Zone of an EXPR that names none; default: UTC.")
@click.option("--from", "start", metavar="INSTANT", help=FROM_HELP)
@click.option(
    "-n", "--count", type=click.IntRange(1, MOST), default=5, show_default=True, help="How many occurrences."
)
@click.option("--json", "json_", is_flag=True, help="A JSON array of UTC instants.")
@click.option("-A", "--app", metavar="APP", help="The rota, as module:attribute: the argument is a NAME.")
@click.option("--store", metavar="URL", help="Use this store instead of ROTA_STORE.")
def next_(
    words: tuple[str, ...],
    zone: str | None,
    start: str | None,
    count: int,
    json_: bool,
    app: str | None = None,
    store: str | None = None,
) -> None:
    """Show when a timetable, or a schedule of APP, is due next. Reads only.

    The argument is a timetable if it can be read as one. With APP, or when it can not be read, it is the name
    of a schedule: what is shown then are the occurrences that will run, none of a paused one. What a pause
    leaves out between them is marked, and is not in the JSON.
    """
    if app is None and len(words) == 2 and is_app(words[0]) and current_host() is None:
        app, words = words[0], words[1:]
    if len(words) != 1:
        raise click.UsageError(f"It takes one EXPR or NAME, got {len(words)} (quote an EXPR with spaces).")
    due = _due(words[0], app, store, zone, start, count)
    if json_:
        show.as_json_line([_utc(at) for at in due.instants])
    elif not due.instants and not due.paused:
        show.note("There is none.")
    else:
        _show(due)


def _show(due: _Due) -> None:
    marks = {one.at: show.left_out(one) for one in due.paused}
    for at in sorted([*due.instants, *marks]):
        mark = marks.get(at) or instants.clock_change(at, due.zone)
        click.echo(f"{instants.local(at, due.zone)}   {_utc(at)}{'   ' + mark if mark else ''}")


def _due(
    word: str, app: str | None, store: str | None, zone: str | None, start: str | None, count: int
) -> _Due:
    if app is not None:
        return _of_schedule(word, app, store, zone, start, count)
    try:
        timetable = parse_timetable(word, zone)
    except InvalidTimetable as refused:
        if not has_app():
            raise
        try:
            return _of_schedule(word, None, store, zone, start, count)
        except UnknownSchedule:
            raise refused from None
    shown = zone or zone_of(timetable) or "UTC"
    now = datetime.now(UTC)
    after = instants.optional("--from", start, now, shown) or now
    return _Due(timetable.upcoming(after, count), shown)


def _of_schedule(
    name: str, app: str | None, store: str | None, zone: str | None, start: str | None, count: int
) -> _Due:
    from rota.operations import schedules
    from rota.operations.foreseen import PAUSED, foreseen

    with opened(app, store) as rota:
        view, now = schedules.get_schedule(rota, name, runs=0, count=0).view, rota.clock.now()
        shown = zone or view.zone
        after = instants.optional("--from", start, now, shown)
        due = schedules.upcoming(rota, name, count, after)
        ahead = foreseen(view.schedule, due, max(after or now, now), shown)
        return _Due(due, shown, [one for one in ahead if one.left_out == PAUSED])


@click.command(epilog="Example: rota explain '30 2 13 * 5' --tz Europe/Paris")
@click.argument("expr")
@click.option("--tz", "zone", metavar="ZONE", help="Zone of an EXPR that names none; default: UTC.")
@click.option("--from", "start", metavar="INSTANT", help=FROM_HELP)
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def explain(expr: str, zone: str | None, start: str | None, json_: bool) -> None:
    """Say in words what the timetable EXPR means, when it is due next, and what to mind."""
    timetable = parse_timetable(expr, zone)
    shown = zone or zone_of(timetable) or "UTC"
    now = datetime.now(UTC)
    after = instants.optional("--from", start, now, shown) or now
    due, told = timetable.upcoming(after, 5), warnings_about(timetable, after)
    if json_:
        show.as_json(
            {
                "text": str(timetable),
                "words": timetable.describe(),
                "timezone": shown,
                "next": [_utc(at) for at in due],
                "warnings": told,
            }
        )
        return
    show.pairs([("words", timetable.describe()), ("text", str(timetable))])
    show.title("next")
    for at in due:
        click.echo(f"  {instants.local(at, shown)}   {_utc(at)}")
    if not due:
        click.echo("  none")
    for warning in told:
        click.echo(f"\n{click.style('mind', fg='yellow')}  {warning}")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
