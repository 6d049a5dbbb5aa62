"""`rota node`: the nodes there are, and letting one drain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rota.cli import instants, show
from rota.cli.apps import app_command

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.core.records import Node


@click.group("node", epilog="Example: rota node drain web-1-4711-0c8e5f --reason 'new release'")
def node() -> None:
    """List the nodes, and let one drain."""


@app_command("list", example="rota node list shop.tasks:rota")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def list_(rota: Rota, json_: bool) -> None:
    """List the nodes that the store holds: those that live, and those that are lost and not yet forgotten."""
    from rota.operations import shapes
    from rota.operations.lookups import nodes_by_state

    found = nodes_by_state(rota)
    if json_:
        show.as_json([{**shapes.node(one), "state": state} for one, state in found])
        return
    if not found:
        show.note("There is none. Start one: `rota run`.")
        return
    now = rota.clock.now()
    rows = [[state, one.id, *_facts(one), instants.relative(one.seen_at, now)] for one, state in found]
    show.table(["state", "node", "roles", "queues", "busy", "version", "seen"], rows, folding=["queues"])


def _facts(one: Node) -> list[str]:
    works = "worker" in one.roles
    queues, busy = ", ".join(one.queues) if works else "-", f"{one.running} of {one.slots}" if works else "-"
    return [", ".join(one.roles), queues, busy, one.version]


@app_command(
    "drain", "NAME", least=1, most=1, example="rota node drain web-1-4711-0c8e5f --reason 'new release'"
)
@click.option("--reason", default="", help="Why; for the audit, and for whoever asks later.")
@click.option("--dry-run", is_flag=True, help="Show what it would mean, and do nothing.")
@click.option("--json", "json_", is_flag=True, help="The result as JSON.")
def drain(rota: Rota, name: str, reason: str, dry_run: bool, json_: bool) -> None:
    """Ask the node NAME to drain, as by SIGTERM: it takes nothing more, what runs may end, and it leaves.

    It learns that by its next heartbeat, within a third of ROTA_LEASE; this command does not wait for it. A
    process that is nothing but a node then ends with exit code 0, and what watches over it may start it anew.
    It can not be taken back.
    """
    from rota.operations import draining, shapes
    from rota.operations.actor import shell_user

    result = draining.drain(rota, name, shell_user(), reason, dry_run=dry_run)
    if json_:
        show.as_json(shapes.result(result))
        return
    show.effects(result)


for command in (list_, drain):
    node.add_command(command)
