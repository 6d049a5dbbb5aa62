"""`rota runs` and `rota logs`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from rota.cli import instants, show
from rota.cli.apps import app_command
from rota.cli.main import FAILED

if TYPE_CHECKING:
    from datetime import datetime

    from rota.app import Rota
    from rota.core.records import Attempt, Run, RunQuery

STATES = ["pending", "running", "succeeded", "failed", "cancelled", "skipped", "missed", "expired"]
GLANCE = timedelta(seconds=1)


def run_filters(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose runs; `run_query` reads them."""
    for option in (
        click.option("--until", metavar="INSTANT", help="Only runs made before this."),
        click.option(
            "--since", metavar="INSTANT", help="Only runs made at or after this: '2h ago', 2026-03-29."
        ),
        click.option("--queue", help="Only runs of this queue."),
        click.option(
            "--state", "states", type=click.Choice(STATES), multiple=True, help="Only these; may be repeated."
        ),
        click.option("--task", metavar="NAME", help="Only runs of this task."),
        click.option("--schedule", metavar="NAME", help="Only runs of this schedule."),
    ):
        function = option(function)
    return function


def run_query(
    rota: Rota, states: Sequence[str], since: str | None, until: str | None, **filters: Any
) -> RunQuery:
    """Return the query that the options of `run_filters` say. Raises `InvalidValue`."""
    from rota.core.records import RunQuery, RunState

    now = rota.clock.now()
    return RunQuery(
        states=tuple(RunState(one) for one in states),
        since=instants.optional("--since", since, now, rota.timezone),
        until=instants.optional("--until", until, now, rota.timezone),
        **filters,
    )


@app_command("runs", example="rota runs --schedule purge-sessions --state failed --since '1d ago'")
@run_filters
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def runs(rota: Rota, limit: int, json_: bool, **filters: Any) -> None:
    """List runs, newest first, and what was skipped or missed. The last column tells runs apart."""
    from rota.operations import shapes
    from rota.operations.history import list_runs

    found = list_runs(rota, run_query(rota, limit=limit, **filters))
    if json_:
        show.as_json([shapes.run(one) for one in found])
    elif not found:
        show.note("No run matches.")
    else:
        show.table(*run_rows(found, rota.clock.now(), rota.timezone), cut=["what"])


def run_rows(found: Sequence[Run], now: datetime, zone: str) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of a table of runs."""
    rows = [
        [
            str(one.state),
            one.schedule or one.task,
            instants.brief(one.planned_at or one.run_at, zone),
            instants.relative(one.started_at, now) if one.started_at else "-",
            _duration(one, now),
            _words(one),
            show.tail(one.id),
        ]
        for one in found
    ]
    return ["state", "name", "due", "started", "took", "what", "run"], rows


def _duration(run: Run, now: datetime) -> str:
    if run.started_at is None:
        return "-"
    return f"{((run.finished_at or now) - run.started_at).total_seconds():.1f} s"


def _words(run: Run) -> str:
    return (f"attempt {run.attempt}: " if run.attempt > 1 else "") + _outcome(run)


def _outcome(run: Run) -> str:
    if run.failure is not None:
        lines = run.failure.message.splitlines() or [""]
        return f"{run.failure.kind}: {lines[0][:80]}"
    if run.done is not None:
        total = f"/{run.total:g}" if run.total is not None else ""
        return f"{run.done:g}{total}{' ' + run.note if run.note else ''}"
    count = f"{run.count} occurrences: " if run.count > 1 else ""
    return count + (run.reason or str(run.origin))


@app_command("logs", "RUN", least=1, most=1, example="rota logs 4f21c09ab3de --follow")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--attempt", type=click.IntRange(1), help="Only this attempt.")
@click.option("--json", "json_", is_flag=True, help="The attempts as JSON.")
@click.pass_context
def logs(
    ctx: click.Context, /, rota: Rota, run_id: str, follow: bool, attempt: int | None, json_: bool
) -> None:
    """Show the log of a run, attempt by attempt. RUN is its id, or the end of it.

    With --follow the exit code is 1 if the run did not succeed.
    """
    from rota.core.records import ACTIVE, RunState
    from rota.operations import history, shapes

    run = history.get_run(rota, run_id)
    if json_:
        found = history.attempts(rota, run.id)
        show.as_json([shapes.attempt(one) for one in found if attempt in (None, one.number)])
        return
    printed: dict[int, int] = {}
    wakeup = rota.store.wakeup() if follow else None
    try:
        while True:
            run = history.get_run(rota, run.id)  # before the log: what it wrote at its end is then seen
            _print_new(history.attempts(rota, run.id), printed, attempt)
            if wakeup is None or run.state not in ACTIVE:
                break
            wakeup.wait(GLANCE)
    finally:
        if wakeup is not None:
            wakeup.close()
    if not printed:
        show.note(f"run {run.id} is {run.state}; it has no log{': ' + run.reason if run.reason else ''}")
    if follow and run.state is not RunState.SUCCEEDED:
        ctx.exit(FAILED)


def _print_new(attempts: Sequence[Attempt], printed: dict[int, int], only: int | None) -> None:
    """Print what was added to the logs, under a heading for each attempt."""
    for one in attempts:
        if only not in (None, one.number):
            continue
        if one.number not in printed:
            printed[one.number] = 0
            show.note(f"attempt {one.number}, node {one.node or '-'}, {one.outcome or 'running'}")
        click.echo(one.log[printed[one.number] :], nl=False)
        printed[one.number] = len(one.log)
        if one.failure is not None and printed.get(-one.number) is None:
            printed[-one.number] = 0
            click.echo(one.failure.traceback or f"{one.failure.kind}: {one.failure.message}")
