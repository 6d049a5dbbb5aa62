"""`rota plan`, `rota sync`, `rota migrate`: the store, and what the code declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rota.cli import show
from rota.cli.apps import app_command
from rota.cli.main import DRIFT

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.core.records import SyncPlan


@app_command("plan", example="rota plan shop.tasks:rota")
@click.option("--reset", is_flag=True, help="As a sync with --reset would do.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def plan(ctx: click.Context, /, rota: Rota, reset: bool, json_: bool) -> None:
    """Show what a sync would do. The exit code is 4 if there is drift between the code and the store."""
    from rota.operations.syncing import sync_plan

    made = sync_plan(rota, reset=reset)
    _show(made, json_, dry_run=True)
    if made.create or made.change:
        ctx.exit(DRIFT)


@app_command("sync", example="rota sync shop.tasks:rota --dry-run")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--reset", is_flag=True, help="Drop operators' overrides: return to the code.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def sync(rota: Rota, dry_run: bool, reset: bool, json_: bool) -> None:
    """Put what the code declares in force. A node does so when it starts."""
    from rota.operations import syncing
    from rota.operations.actor import shell_user

    if dry_run:
        made = syncing.sync_plan(rota, reset=reset)
    else:
        made = syncing.sync(rota, shell_user(), reset=reset or None)
    _show(made, json_, dry_run=dry_run)


@app_command("migrate", example="rota migrate shop.tasks:rota --dry-run")
@click.option("--dry-run", is_flag=True, help="Show the steps that are missing, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def migrate(rota: Rota, dry_run: bool, json_: bool) -> None:
    """Bring the store's schema up to date. SQLite does so by itself at the first use."""
    steps = rota.store.migrate(dry_run=dry_run)
    if json_:
        show.as_json({"dry_run": dry_run, "steps": steps})
    elif not steps:
        click.echo("The schema is up to date.")
    for step in () if json_ else steps:
        click.echo(f"{'would apply' if dry_run else 'applied'} {step}")


def _show(made: SyncPlan, json_: bool, *, dry_run: bool) -> None:
    from rota.operations import shapes

    if json_:
        show.as_json(shapes.sync_plan(made, dry_run=dry_run))
        return
    changes = [line for line in made.lines if line.verb != "keep"]
    for line in changes:
        click.echo(f"{line.verb:<8} {line.name}{'   ' + line.detail if line.detail else ''}")
    kept = len(made.lines) - len(changes)
    if not changes:
        click.echo(f"Nothing to do: {kept} schedules are as declared (generation {made.generation.number}).")
        return
    done = "would be changed" if dry_run else "changed"
    click.echo(f"{len(changes)} {done}, {kept} as declared (generation {made.generation.number}).")
