"""`rota alerts`: who is told what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rota.cli import instants, show
from rota.cli.apps import app_command
from rota.cli.main import FAILED

if TYPE_CHECKING:
    from rota.app import Rota

JSON = click.option("--json", "json_", is_flag=True, help="As JSON.")
NONE = "No channel is set. Set one, such as: ROTA_ALERTS='slack://...' (addresses of apprise)"


@click.group("alerts", epilog="Example: rota alerts test")
def alerts() -> None:
    """Show and test the channels that are told what needs a person."""


@app_command("show", example="rota alerts show shop.tasks:rota")
@JSON
def show_(rota: Rota, json_: bool) -> None:
    """Show the channels, masked, what is told, and what was told last."""
    from rota.operations import alerting, shapes

    found, now = alerting.alerts(rota), rota.clock.now()
    wrong = {one.channel: one.problem for one in alerting.check_addresses(rota)}
    if json_:
        written = shapes.alerts(found)
        for one in written["channels"]:
            one["address_problem"] = wrong[one["name"]] or None
        show.as_json(written)
        return
    if not found.channels:
        show.note(NONE)
        return
    click.echo(f"Told: {', '.join(found.on)}.")
    for channel in found.channels:
        show.title(channel.name)
        looked = instants.relative(channel.looked_at, now) if channel.looked_at else "nothing yet"
        sent = instants.relative(channel.sent_at, now) if channel.sent_at else "nothing yet"
        rows = [
            ("address", channel.address),
            ("schedule", channel.schedule),
            ("told up to", looked),
            ("sent", f"{sent}, run {show.tail(channel.sent_by)}" if channel.sent_by else sent),
            *(("", line) for line in channel.told),
        ]
        problems = [wrong[channel.name], channel.problem]
        show.pairs(rows + [("problem", one) for one in problems if one])


@app_command("test", "[CHANNEL]", least=0, most=1, example="rota alerts test")
@JSON
@click.pass_context
def test(ctx: click.Context, /, rota: Rota, channel: str | None = None, *, json_: bool) -> None:
    """Send a test message to each channel, or to CHANNEL. The exit code is 1 if one has not taken it."""
    from rota.operations import alerting, shapes
    from rota.operations.actor import shell_user

    tested = alerting.send_test(rota, shell_user(), channel)
    if json_:
        show.as_json([shapes.tested(one) for one in tested])
    for one in () if json_ else tested:
        mark = click.style("✘", fg="red") if one.problem else click.style("✔", fg="green")
        click.echo(f"{mark} {one.channel} ({one.address}): {one.problem or 'sent'}")
    if any(one.problem for one in tested):
        ctx.exit(FAILED)


for command in (show_, test):
    alerts.add_command(command)
