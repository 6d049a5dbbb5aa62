"""`rota list` and `rota show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from rota.cli import instants, show
from rota.cli.apps import app_command

if TYPE_CHECKING:
    from datetime import datetime

    from rota.app import Rota
    from rota.operations.results import FieldView, ScheduleDetail, ScheduleView

STATES = ["active", "paused", "finished", "retired", "quarantined"]


@app_command("list", example="rota list shop.tasks:rota --state paused")
@click.option("--state", type=click.Choice(STATES), help="Only schedules in this state.")
@click.option("--task", help="Only schedules of this task.")
@click.option("--tag", help="Only schedules with this tag.")
@click.option("--queue", help="Only schedules of this queue.")
@click.option("--runner", help="Only those whose runs it executes: local, or django.tasks:ALIAS.")
@click.option("--source", type=click.Choice(["code", "user"]), help="Only those made by code, or by users.")
@click.option("--text", help="Only schedules with this in their name, task or description.")
@click.option("--after", metavar="NAME", help="Only names after this one: the next page.")
@click.option("--limit", type=click.IntRange(1, 500), default=200, show_default=True, help="At most so many.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def list_(rota: Rota, json_: bool, source: str | None, runner: str | None, **filters: Any) -> None:
    """List schedules: state, timetable in words, when they are due next, how the last run went."""
    from rota.core.records import ScheduleQuery, Source
    from rota.operations import shapes
    from rota.operations.runners import are_several, tasks_of
    from rota.operations.schedules import list_schedules

    kind = Source(source) if source else None
    query = ScheduleQuery(source=kind, tasks=tasks_of(rota, runner), **filters)
    views = list_schedules(rota, query)
    if json_:
        show.as_json([shapes.schedule(one) for one in views])
        return
    if not views:
        is_filtered = _any(filters, source, runner)
        show.note("No schedule matches." if is_filtered else "No schedule is stored yet: run `rota sync`.")
        return
    now = rota.clock.now()
    has_runners = are_several(rota)
    columns = ["state", "name", "timetable", "next", "last", *(["runner"] if has_runners else []), "source"]
    rows = [_row(one, now, has_runner=has_runners) for one in views]
    show.table(columns, rows, folding=("timetable", "next", "last", "runner", "source"))
    if len(views) == filters["limit"]:
        show.note(f"There may be more: --after {views[-1].schedule.name!r}")


def _any(filters: dict[str, Any], *others: str | None) -> bool:
    return any(others) or any(value for name, value in filters.items() if name != "limit")


def _row(one: ScheduleView, now: datetime, *, has_runner: bool) -> list[str]:
    return [
        one.state,
        one.schedule.name,
        one.words,
        _next(one, now),
        _last(one, now),
        *([one.runner or "-"] if has_runner else []),
        str(one.schedule.source) + (" + override" if one.schedule.overrides else ""),
    ]


def _next(one: ScheduleView, now: datetime) -> str:
    due, pause = one.next_due, one.schedule.pause
    text = f"{instants.relative(due, now)} ({instants.brief(due, one.zone)})" if due else "-"
    if pause is not None and not pause.has_begun(now):
        text += f"; paused from {instants.brief(pause.start, one.zone)}"
    return text


def _last(one: ScheduleView, now: datetime) -> str:
    run = one.last
    if run is None:
        return "-"
    return f"{run.state} {instants.relative(run.finished_at or run.started_at or run.created_at, now)}"


@app_command("show", "NAME", least=1, most=1, example="rota show purge-sessions")
@click.option("--runs", type=click.IntRange(0, 500), default=5, show_default=True, help="How many last runs.")
@click.option(
    "--count", type=click.IntRange(0, 1000), default=5, show_default=True, help="How many occurrences."
)
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def show_(rota: Rota, name: str, runs: int, count: int, json_: bool) -> None:
    """Show everything about a schedule: definition, overrides, next occurrences, last runs and errors."""
    from rota.operations import shapes
    from rota.operations.schedules import get_schedule

    one = get_schedule(rota, name, runs=runs, count=count)
    if json_:
        show.as_json(shapes.detail(one))
        return
    now = rota.clock.now()
    _head(one, now)
    _definition(one)
    _upcoming(one, now)
    _history(one, now)


def _head(one: ScheduleDetail, now: datetime) -> None:
    view, own = one.view, one.view.schedule
    rows = [("name", own.name), ("state", _state(view, now)), ("timetable", view.words)]
    if own.effective.description:
        rows.append(("description", own.effective.description))
    rows += [
        ("task", own.effective.task),
        ("runner", view.runner or "not known: no code that is loaded declares the task"),
        ("zone", view.zone),
        ("source", str(own.source)),
        ("revision", str(own.revision)),
        ("active runs", ", ".join(f"{show.tail(run.id)} ({run.state})" for run in own.active) or "none"),
    ]
    show.pairs(rows)


def _state(view: ScheduleView, now: datetime) -> str:
    own, pause = view.schedule, view.schedule.pause
    if own.quarantine:
        return f"{view.state}: {own.quarantine}"
    if pause is None:
        return view.state
    until = f"until {instants.local(pause.until, view.zone)}" if pause.until else "until it is resumed"
    reason = f" ({pause.reason})" if pause.reason else ""
    begin = instants.local(pause.start, view.zone)
    if not pause.has_begun(now):
        return f"{view.state}; a pause is planned by {pause.by} from {begin}, {until}{reason}"
    return f"{view.state} by {pause.by} since {begin}, {until}{reason}"


def _definition(one: ScheduleDetail) -> None:
    show.title("definition")
    rows = [
        [field.field, _text(field.declared), _text(field.override) if field.overridden else "", _who(field)]
        for field in one.fields
    ]
    columns = ["field", "declared", "override", "by"]
    show.table(columns, rows, states=None, folding=columns[1:])


def _who(field: FieldView) -> str:
    if not field.overridden:
        return ""
    until = f", until {field.until:%Y-%m-%d %H:%M}Z" if field.until else ""
    return f"{field.author}{until}{': ' + field.reason if field.reason else ''}"


def _text(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _upcoming(one: ScheduleDetail, now: datetime) -> None:
    from rota.operations.foreseen import PAUSED, foreseen

    show.title("next")
    for each in foreseen(one.view.schedule, one.upcoming, now, one.view.zone):
        change = instants.clock_change(each.at, one.view.zone)
        line = f"  {instants.local(each.at, one.view.zone)}   {instants.relative(each.at, now)}"
        if each.left_out == PAUSED:
            click.echo(f"{line}   {show.left_out(each)}")
        elif not each.left_out:
            click.echo(f"{line}{'   ' + change if change else ''}")
    if not one.upcoming:
        click.echo("  none")


def _history(one: ScheduleDetail, now: datetime) -> None:
    from rota.cli.history import run_rows

    if one.runs:
        show.title("last runs")
        show.table(*run_rows(one.runs, now, one.view.zone), cut=["what"])
    if one.errors:
        show.title("last errors")
    for error in one.errors:
        message = error.failure.message.splitlines() or [""]
        head = f"{instants.relative(error.at, now)}, run {show.tail(error.run_id)}"
        show.pairs([(f"  {head}", f"{error.failure.kind}: {message[0]}")])
    if one.audit:
        show.title("audit")
    for line in one.audit[:5]:
        reason = f" ({line.reason})" if line.reason else ""
        show.pairs([(f"  {instants.relative(line.at, now)}", f"{line.action} by {line.actor}{reason}")])
