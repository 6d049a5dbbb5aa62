"""`rota pause`, `rota resume`, `rota skip`, `rota override`: change schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from rota.cli import instants, show
from rota.cli.apps import app_command

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.operations.results import Result

UNTIL = "An instant or a span: 2026-03-29T01:00:00Z, '2026-03-29 14:00', 2h."


def change_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every change."""
    for option in (
        click.option("--json", "json_", is_flag=True, help="The result as JSON."),
        click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
        click.option("--revision", type=int, help="Only if the schedule still has this revision."),
        click.option("--reason", default="", help="Why; for the audit, and for whoever asks later."),
    ):
        function = option(function)
    return function


def filter_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose schedules by what they are."""
    for option in (
        click.option("--task", help="All schedules of this task."),
        click.option("--tag", help="All schedules with this tag."),
        click.option("--all", "all_", is_flag=True, help="All schedules."),
    ):
        function = option(function)
    return function


@app_command(
    "pause",
    "NAME...",
    most=None,
    example="rota pause purge-sessions --from '2026-11-29 02:00' --until 2h --reason 'migration'",
)
@filter_options
@click.option("--from", "start", metavar="INSTANT", help=f"When it begins; default: at once. {UNTIL}")
@click.option("--until", metavar="INSTANT", help=f"{UNTIL} A span counts from --from on.")
@change_options
def pause(rota: Rota, *names: str, start: str | None, until: str | None, reason: str, **options: Any) -> None:
    """Stop schedules from firing. What is due meanwhile is recorded as skipped, and never runs.

    With --from it is planned: until it begins, they fire as ever, and `rota resume` takes it away. A schedule
    has one pause at a time: another replaces it, but none is planned while one is in force.
    """
    from rota.operations import changing
    from rota.operations.actor import shell_user

    chosen, kept = _chosen(rota, names, options)
    begin, end = instants.read_window(
        start or "", until or "", rota.clock.now(), rota.timezone, ("--from", "--until")
    )
    _show(changing.pause(rota, chosen, shell_user(), reason, end, start=begin, **kept), options)


@app_command("resume", "NAME...", most=None, example="rota resume purge-sessions")
@filter_options
@change_options
def resume(rota: Rota, *names: str, reason: str, **options: Any) -> None:
    """Let paused schedules fire again, from the next occurrence on. A planned pause is taken away."""
    from rota.operations import changing
    from rota.operations.actor import shell_user

    chosen, kept = _chosen(rota, names, options)
    _show(changing.resume(rota, chosen, shell_user(), reason, **kept), options)


@app_command(
    "skip", "NAME...", most=None, example="rota skip nightly-backup --reason 'disk is being replaced'"
)
@filter_options
@change_options
def skip(rota: Rota, *names: str, reason: str, **options: Any) -> None:
    """Leave out the next occurrence of schedules."""
    from rota.operations import changing
    from rota.operations.actor import shell_user

    chosen, kept = _chosen(rota, names, options)
    _show(changing.skip_next(rota, chosen, shell_user(), reason, **kept), options)


@app_command(
    "override",
    "NAME [FIELD VALUE]",
    least=1,
    most=3,
    example="rota override purge-sessions timetable 'daily 04:00' --until 7d --reason 'load test'",
)
@click.option(
    "--clear", is_flag=True, help="Return FIELD, or without it all fields, to what the code declares."
)
@click.option("--until", metavar="INSTANT", help=UNTIL)
@change_options
def override(
    rota: Rota,
    name: str,
    field: str | None = None,
    value: str | None = None,
    *,
    clear: bool,
    until: str | None,
    reason: str,
    **options: Any,
) -> None:
    """Let a value for one field of a schedule win over the declared one; deploys do not undo it.

    FIELD is timetable, args, start, end, max_runs, jitter, overlap, catch_up, concurrency, priority, queue,
    tags, description, retries, backoff, retry_on, give_up_on, time_limit, hard_time_limit, on_crash or
    start_deadline. VALUE is text or JSON, checked as a declaration is.
    """
    from rota.operations import changing
    from rota.operations.actor import shell_user

    kept = _kept(options)
    if clear:
        if value is not None:
            raise click.UsageError("--clear takes no VALUE.")
        _show(changing.clear_override(rota, name, field, shell_user(), reason, **kept), options)
        return
    if field is None or value is None:
        raise click.UsageError("It takes NAME FIELD VALUE, or --clear.")
    end = instants.optional("--until", until, rota.clock.now(), rota.timezone)
    _show(changing.override(rota, name, field, value, shell_user(), reason, end, **kept), options)


def _chosen(rota: Rota, names: tuple[str, ...], options: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the names that a command is about, and the options of the operation."""
    from rota.core.records import ScheduleQuery
    from rota.operations.lookups import every_schedule

    tag, task, all_ = options["tag"], options["task"], options["all_"]
    if names and (tag or task or all_):
        raise click.UsageError("Give names, or --tag, --task or --all; not both.")
    if not names and not (tag or task or all_):
        raise click.UsageError("Missing argument; it takes [APP] NAME..., or --tag, --task or --all.")
    if not names:
        names = tuple(one.name for one in every_schedule(rota, ScheduleQuery(tag=tag, task=task)))
    return list(names), _kept(options)


def _kept(options: dict[str, Any]) -> dict[str, Any]:
    return {"dry_run": options["dry_run"], "expected_revision": options["revision"]}


def _show(result: Result, options: dict[str, Any]) -> None:
    from rota.operations import shapes

    if options["json_"]:
        show.as_json(shapes.result(result))
        return
    show.effects(result)
    if not result.effects:
        show.note("No schedule matches.")
