"""`rota trigger`, `rota enqueue`, `rota cancel`, `rota retry`, `rota backfill`: ask for runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from rota.cli import instants, show
from rota.cli.apps import app_command
from rota.errors import InvalidValue

if TYPE_CHECKING:
    from rota.app import Rota

ARGS = "A JSON object of arguments."
ARG = "One argument, as name=value; the value is JSON if it can be read as such, else text. May be repeated."


def args_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that give a task its arguments."""
    for option in (
        click.option("--args", metavar="JSON", help=ARGS),
        click.option("-a", "--arg", "pairs", metavar="NAME=VALUE", multiple=True, help=ARG),
    ):
        function = option(function)
    return function


def read_args(text: str | None, pairs: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the arguments that `--args` and `--arg` give; `None` when neither is there.

    Raises:
        InvalidValue: It is no JSON object, or a pair has no name.
    """
    if text is None and not pairs:
        return None
    try:
        given = json.loads(text) if text is not None else {}
    except ValueError as error:
        raise InvalidValue("--args", text, f"it is no JSON ({error})", "Write '{\"limit\": 50}'.") from None
    if not isinstance(given, dict):
        raise InvalidValue("--args", text, "it must be a JSON object", "Write '{\"limit\": 50}'.")
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InvalidValue("--arg", pair, "write name=value")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return given


def _made(run_id: str, json_: bool) -> None:
    if json_:
        show.as_json_line({"run": run_id})
    else:
        click.echo(run_id)


@app_command("trigger", "NAME", least=1, most=1, example="rota trigger purge-sessions --arg dry_run=true")
@args_options
@click.option("--key", help="Idempotency key: one key makes one run, for ever.")
@click.option("--reason", default="", help="Why; for the history.")
@click.option("--dry-run", is_flag=True, help="Check, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The id as JSON.")
def trigger(
    rota: Rota,
    name: str,
    args: str | None,
    pairs: tuple[str, ...],
    key: str | None,
    reason: str,
    dry_run: bool,
    json_: bool,
) -> None:
    """Run a schedule now, beside its timetable, paused or not. Prints the id of the run.

    Arguments given here take the place of all of the schedule's.
    """
    from rota.operations import requesting
    from rota.operations.actor import shell_user

    given = read_args(args, pairs)
    made = requesting.trigger(rota, name, shell_user(), given, key, reason, dry_run=dry_run)
    _made(made, json_)


@app_command("enqueue", "TASK", least=1, most=1, example="rota enqueue send_digest --arg user=7 --delay 5m")
@args_options
@click.option("--delay", metavar="SPAN", help="Not before this has passed, such as 5m.")
@click.option("--at", metavar="INSTANT", help="Not before this.")
@click.option("--key", help="Idempotency key: one key makes one run, for ever.")
@click.option("--queue", help="Another queue than the task's.")
@click.option("--priority", type=int, help="Another priority than the task's, from -1000 to 1000.")
@click.option("--dry-run", is_flag=True, help="Check, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The id as JSON.")
def enqueue(
    rota: Rota,
    task: str,
    args: str | None,
    pairs: tuple[str, ...],
    at: str | None,
    dry_run: bool,
    json_: bool,
    **options: Any,
) -> None:
    """Run a task now, or later. Prints the id of the run."""
    from rota.operations import requesting
    from rota.operations.actor import shell_user

    start = instants.optional("--at", at, rota.clock.now(), rota.timezone)
    given = read_args(args, pairs) or {}
    made = requesting.enqueue(rota, task, given, shell_user(), at=start, dry_run=dry_run, **options)
    _made(made, json_)


@app_command("cancel", "RUN...", least=1, most=None, example="rota cancel 4f21c09ab3de --reason 'wrong file'")
@click.option("--reason", default="", help="Why; for the audit.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The result as JSON.")
def cancel(rota: Rota, *run_ids: str, reason: str, dry_run: bool, json_: bool) -> None:
    """Cancel runs: those that wait at once; those that run are asked to stop.

    RUN is an id, or the end of one.
    """
    from rota.operations import requesting
    from rota.operations.actor import shell_user

    done = requesting.cancel(rota, run_ids, shell_user(), reason, dry_run=dry_run)
    if json_:
        show.as_json(
            {
                "dry_run": dry_run,
                "at_once": list(done.at_once),
                "asked": list(done.asked),
                "ended": list(done.ended),
                "unknown": list(done.unknown),
            }
        )
        return
    words = {
        "cancelled": done.at_once,
        "asked to stop": done.asked,
        "has ended already": done.ended,
        "does not exist": done.unknown,
    }
    for word, ids in words.items():
        for run_id in ids:
            click.echo(f"{'(dry run) ' if dry_run else ''}{run_id}: {word}")


@app_command("retry", "RUN", least=1, most=1, example="rota retry 4f21c09ab3de")
@args_options
@click.option("--reason", default="", help="Why; for the history.")
@click.option("--dry-run", is_flag=True, help="Check, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The id as JSON.")
def retry(
    rota: Rota,
    run_id: str,
    args: str | None,
    pairs: tuple[str, ...],
    reason: str,
    dry_run: bool,
    json_: bool,
) -> None:
    """Run again what an ended run was to do. Prints the id of the new run; the old one stays as it is.

    Arguments given here take the place of all of the old run's.
    """
    from rota.operations import requesting
    from rota.operations.actor import shell_user

    given = read_args(args, pairs)
    _made(requesting.retry(rota, run_id, shell_user(), given, reason, dry_run=dry_run), json_)


@app_command(
    "backfill", "NAME", least=1, most=1, example="rota backfill daily-stats --from 2026-03-01 --to 2026-03-08"
)
@click.option("--from", "start", required=True, metavar="INSTANT", help="The first instant that counts.")
@click.option("--to", "end", required=True, metavar="INSTANT", help="The first instant that counts no more.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many."
)
@click.option("--reason", default="", help="Why; for the audit.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The result as JSON.")
def backfill(
    rota: Rota, name: str, start: str, end: str, limit: int, reason: str, dry_run: bool, json_: bool
) -> None:
    """Run the occurrences of a schedule in a span of the past that have no run. Nothing is doubled."""
    from rota.operations import requesting, shapes
    from rota.operations.actor import shell_user
    from rota.operations.lookups import schedule_named
    from rota.operations.schedules import view

    now, zone = rota.clock.now(), view(rota, schedule_named(rota, name)).zone
    first = instants.read_instant("--from", start, now, zone)
    last = instants.read_instant("--to", end, now, zone)
    made = requesting.backfill(
        rota, name, first, last, shell_user(), dry_run=dry_run, limit=limit, reason=reason
    )
    if json_:
        show.as_json(shapes.backfilled(made))
        return
    for due, run_id in made.runs:
        click.echo(f"{shapes.utc(due)}   {run_id}")
    what = "would be made" if dry_run else "made"
    more = "; there are more: raise --limit, or go on from the last" if made.more else ""
    show.note(f"{len(made.runs)} runs {what}, {made.existing} occurrences have one already{more}")
