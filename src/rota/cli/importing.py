"""`rota import`: schedules of another system in Rota's words, beside those that are declared."""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from rota.cli import show
from rota.cli.apps import app_command
from rota.cli.main import DRIFT
from rota.errors import InvalidValue, MissingExtra

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.importers.foreign import Comparison, Foreign

SOURCES = ("apscheduler", "django-celery-beat", "django-crontab")


@app_command(
    "import", "SOURCE [WHERE]", least=1, most=2, example="rota import apscheduler shop.jobs:scheduler"
)
@click.option("--count", type=click.IntRange(1, 100), default=3, show_default=True, help="Instants compared.")
@click.option("--timezone", metavar="ZONE", help="Of the machine's cron; default: the rota's.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    rota: Rota,
    source: str,
    where: str | None = None,
    *,
    count: int,
    timezone: str | None,
    json_: bool,
) -> None:
    """Show the schedules of another system beside those the code declares, and when both are due next.

    SOURCE is apscheduler (WHERE is the scheduler, as module:attribute), django-celery-beat or django-crontab
    (by manage.py rota import). What is missing is printed as the line that declares it. Nothing is changed.
    The exit code is 4 unless all that fires there is due at the same instants here.
    """
    from rota.importers.foreign import compare

    made = compare(rota, _found(source, where, timezone or rota.timezone), rota.clock.now(), count)
    if json_:
        show.as_json([_shape(one) for one in made])
    else:
        for one in made:
            _say(one)
        if not made:
            click.echo(f"{source} has no schedules.")
    if any(one.verb not in ("same", "off") for one in made):
        ctx.exit(DRIFT)


def _found(source: str, where: str | None, zone: str) -> list[Foreign]:
    if source == "apscheduler":
        from rota.importers.apscheduler import from_scheduler

        return from_scheduler(_loaded(where))
    if where is not None:
        raise InvalidValue("WHERE", where, f"{source} takes none")
    if source == "django-celery-beat":
        from rota.importers.celery_beat import from_celery_beat

        return from_celery_beat()
    if source == "django-crontab":
        from rota.importers.cronjobs import SETTING, from_cronjobs

        return from_cronjobs(_of_settings(SETTING), zone)
    raise InvalidValue("SOURCE", source, f"choose one of {', '.join(SOURCES)}")


def _loaded(where: str | None) -> Any:
    module, _, attribute = (where or "").partition(":")
    if not attribute:
        raise InvalidValue("WHERE", where, "it must name the scheduler", "Write module:attribute.")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InvalidValue("WHERE", where, f"it can not be imported: {error}") from error


def _of_settings(name: str) -> Any:
    try:
        from django.conf import settings

        return getattr(settings, name)
    except Exception as error:  # not installed, no settings, no such setting: each has its own class
        problem = f"the setting {name} can not be read: {error}"
        raise MissingExtra("this import, by manage.py rota import,", "django", problem) from error


def _say(one: Comparison) -> None:
    beside = f"  (here {one.schedule})" if one.schedule not in (None, one.foreign.name) else ""
    click.echo(f"{one.verb:<8} {one.foreign.name}{beside}  {one.foreign.problem or one.foreign.timetable}")
    for theirs, ours in one.fires:
        click.echo(f"{'':<8} there {_at(theirs):<21} here {_at(ours)}")
    if one.verb == "missing":
        click.echo(f"{'':<8} {one.foreign.declaration()}")
    for note in one.foreign.notes:
        click.echo(f"{'':<8} note: {note}")


def _at(instant: datetime | None) -> str:
    from rota.operations.shapes import utc

    return "never" if instant is None else str(utc(instant))


def _shape(one: Comparison) -> dict[str, Any]:
    return {
        "verb": one.verb,
        "name": one.foreign.name,
        "task": one.foreign.task,
        "schedule": one.schedule,
        "timetable": str(one.foreign.timetable) if one.foreign.timetable else None,
        "declaration": one.foreign.declaration() or None,
        "problem": one.foreign.problem or None,
        "notes": list(one.foreign.notes),
        "fires": [{"there": _at(theirs), "here": _at(ours)} for theirs, ours in one.fires],
    }
