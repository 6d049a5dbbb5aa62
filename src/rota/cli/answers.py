"""`rota why` and `rota doctor`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from rota.cli import instants, show
from rota.cli.apps import app_command
from rota.cli.main import FAILED, as_called

if TYPE_CHECKING:
    from rota.app import Rota


@app_command("why", "NAME", least=1, most=1, example="rota why nightly-backup --at '2026-03-29 02:30'")
@click.option(
    "--at", required=True, metavar="INSTANT", help="When it was due; local times in the schedule's zone."
)
@click.option("--json", "json_", is_flag=True, help="As JSON.")
def why(rota: Rota, name: str, at: str, json_: bool) -> None:
    """Say from stored facts why the occurrence of a schedule at INSTANT ran, ran late, or did not run."""
    from rota.operations import shapes, why
    from rota.operations.lookups import schedule_named
    from rota.operations.schedules import view

    zone = view(rota, schedule_named(rota, name)).zone
    one = why.why(rota, name, instants.read_instant("--at", at, rota.clock.now(), zone))
    if json_:
        show.as_json(shapes.explanation(one))
        return
    click.echo(one.sentence)
    rows = [("schedule", one.schedule), ("at", f"{instants.local(one.at, zone)}   {shapes.utc(one.at)}")]
    rows += [(name.replace("_", " "), _text(value)) for name, value in one.facts.items()]
    rows += [("previous", shapes.utc(one.previous) or "none"), ("next", shapes.utc(one.next) or "none")]
    click.echo()
    show.pairs(rows)


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


@app_command("doctor", example="rota doctor shop.tasks:rota")
@click.option("--settings", "settings", is_flag=True, help="Show each setting, and where it comes from.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def doctor(ctx: click.Context, /, rota: Rota, settings: bool, json_: bool) -> None:
    """Look for what is wrong, worst first, each with its remedy. The exit code is 1 if there is an error."""
    from rota.operations.doctor import Level
    from rota.operations.doctor import doctor as examine

    if settings:
        _settings(rota, json_)
        return
    found = examine(rota)
    if json_:
        show.as_json(
            [
                {
                    "level": str(one.level),
                    "subject": one.subject,
                    "problem": one.problem,
                    "remedy": as_called(one.remedy),
                }
                for one in found
            ]
        )
    colours = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "cyan", Level.OK: "green"}
    for one in () if json_ else found:
        click.echo(
            f"{click.style(str(one.level).ljust(7), fg=colours[one.level])}  {one.subject}: {one.problem}"
        )
        if one.remedy:
            click.echo(f"         {as_called(one.remedy)}")
    if any(one.level is Level.ERROR for one in found):
        ctx.exit(FAILED)


def _settings(rota: Rota, json_: bool) -> None:
    from rota.operations.masking import masked_setting
    from rota.settings import NAMES

    values = {name: masked_setting(rota.settings, name) for name in NAMES}
    sources = rota.settings.sources
    if json_:
        show.as_json(
            {
                _json_name(name, value): {"value": _json_value(value), "source": sources[name]}
                for name, value in values.items()
            }
        )
        return
    rows = [[name, _shown(value), sources[name]] for name, value in values.items()]
    show.table(["setting", "value", "from"], rows, states=None, folding=("value", "from"))


def _json_name(name: str, value: object) -> str:
    return f"{name}_seconds" if isinstance(value, timedelta) else name


def _json_value(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _shown(value: object) -> str:
    from rota.core.words import format_duration

    if isinstance(value, timedelta):
        whole = value % timedelta(seconds=1) == timedelta(0)
        return format_duration(value) if whole else f"{value.total_seconds()}s"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
