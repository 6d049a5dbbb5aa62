"""`rota bulk`: act on all runs that match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rota.cli import instants, show
from rota.cli.apps import app_command
from rota.cli.history import run_filters, run_query

if TYPE_CHECKING:
    from rota.app import Rota


@app_command(
    "bulk", "ACTION", least=1, most=1, example="rota bulk retry --state failed --since '12h ago' --dry-run"
)
@run_filters
@click.option("--at", metavar="INSTANT", help="When it was planned: runs made later are not meant.")
@click.option("--reason", default="", help="Why; for the audit.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The result as JSON.")
def bulk(
    rota: Rota, action: str, at: str | None, reason: str, dry_run: bool, json_: bool, **filters: Any
) -> None:
    """Retry or cancel all runs that match, up to 10,000, or take that back.

    ACTION is retry, cancel, or with the same filter and the --at that was printed undo_retry, undo_cancel.
    A run is retried so once at most.
    """
    from rota.operations import bulk as operation
    from rota.operations import shapes
    from rota.operations.actor import shell_user

    planned = instants.optional("--at", at, rota.clock.now(), rota.timezone)
    query = run_query(rota, **filters)
    done = operation.bulk(rota, action, query, shell_user(), reason, at=planned, dry_run=dry_run)
    if json_:
        show.as_json(shapes.bulk(done))
        return
    states = ", ".join(f"{count:,} {state}" for state, count in done.states.items()) or "none"
    click.echo(f"{'(dry run) ' if dry_run else ''}{action}: {states}")
    for why, count in done.left.items():
        click.echo(f"left alone: {count:,} {why}")
    show.note(f"at {shapes.utc(done.at)}")
