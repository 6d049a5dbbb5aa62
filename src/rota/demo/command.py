"""`rota demo`: a rota at work on a real database, from one command."""

from __future__ import annotations

import logging
import os
import shlex
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from rota.core.policies import duration
from rota.demo import build, folder, shop
from rota.demo.stopping import AtOnce, Stop
from rota.errors import InvalidValue

if TYPE_CHECKING:
    from rota import Rota

APP = "rota.demo.app:rota"
LEASE = "6s"  # short, so that a demo that was killed is seen to be taken over by the next
FEWEST_ROWS, MOST_ROWS = 100, 20_000_000
EXIT_AT_ONCE = 130


class Stopped(Exception):
    """The demo was asked to end before the shop was built."""


@click.command()
@click.option("--for", "length", metavar="DURATION", help="End by itself after this, such as 20s.")
@click.option(
    "--folder",
    "place",
    metavar="FOLDER",
    envvar=shop.FOLDER_VARIABLE,
    default=shop.DEFAULT_FOLDER,
    show_default=True,
    help="Where the files are kept.",
)
@click.option("--rows", default="200000", show_default=True, help="Rows of a new shop.")
@click.option("--fresh", is_flag=True, help="Begin anew: delete the files of an earlier demo in that folder.")
@click.option(
    "--plain", is_flag=True, help="Lines instead of the live view; so it is when not in a terminal."
)
@click.option("--web/--no-web", default=True, help="Serve the admin UI too, on this machine alone.")
def demo(length: str | None, place: str, rows: str, fresh: bool, plain: bool, web: bool) -> None:
    """Watch a rota keep the database of a shop in order.

    Builds the database once, plays the last 26 hours, so that there is something to look back on, and then
    runs the schedules of rota.demo.app over it until Ctrl-C. The files stay, and the next start goes on from
    them. The rota's own state is in the same folder, unless ROTA_STORE names another store.
    """
    try:
        _demo(_length(length), Path(place), _rows(rows), fresh, plain, web)
    except Stopped:
        click.echo("Stopped before the shop was built; the next start builds it.")
    except AtOnce:
        click.echo("Ended at once; the next start takes over what was running.", err=True)
        os._exit(EXIT_AT_ONCE)  # tasks that are still running are not waited for


def _demo(length: timedelta | None, place: Path, rows: int, fresh: bool, plain: bool, web: bool) -> None:
    console = Console(highlight=False)
    plain = plain or not console.is_terminal or console.is_dumb_terminal or console.options.ascii_only
    with Stop() as stop:
        is_built = folder.prepare(place, fresh=fresh)
        os.environ[shop.FOLDER_VARIABLE] = str(place)
        rota = _configured()  # what is wrong with the settings is said before anything is built
        if is_built:
            click.echo(f"Going on with {place / 'shop.db'}; --fresh begins anew.")
        else:
            _build(place / "shop.db", rows, console, stop)
            _play(rota, console, stop)
        lines = _session(rota, console, plain, stop, length, web)
    console.print(lines[0], style="bold", markup=False)
    click.echo("\n".join([*lines[1:], "", *_next_steps(place)]))


def _build(path: Path, rows: int, console: Console, stop: Stop) -> None:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"), console=console
    )
    began = datetime.now(UTC)
    with bar:
        task = bar.add_task(f"Building {path}", total=rows)

        def on_rows(count: int) -> None:
            bar.advance(task, count)
            if stop.asked:
                raise Stopped

        build.build(path, rows, began.replace(tzinfo=None), on_rows=on_rows)


def _play(rota: Rota, console: Console, stop: Stop) -> None:
    from rota.demo import night
    from rota.demo.session import logging_to

    bar = Progress(TextColumn("{task.description}"), BarColumn(), console=console)
    rota.store.migrate()
    with bar, logging_to(logging.NullHandler()), closing(night.play(rota, rota.clock.now())) as playing:
        task = bar.add_task("Playing the last 26 hours", total=1)
        for part in playing:
            bar.update(task, completed=part)
            if stop.asked:
                return
        bar.update(task, completed=1)


def _configured() -> Rota:
    """Return the demo's rota. Its store has an address, and nothing is created yet."""
    from rota.demo.app import rota  # only now: it looks where the shop's folder is

    if rota.settings.sources["lease"] == "default":
        rota.configure(lease=LEASE)
    rota.store  # noqa: B018 - refuses an address that it can not read
    return rota


def _session(
    rota: Rota, console: Console, plain: bool, stop: Stop, length: timedelta | None, web: bool
) -> list[str]:
    from rota.demo.faces import Face, Plain, Screen
    from rota.demo.session import Session
    from rota.demo.web import served

    face: Face = Plain() if plain else Screen(console)
    try:
        rota.store.migrate()
        with served(rota, web):
            return Session(rota, face, stop, length).run()
    finally:
        rota.close()


def _length(text: str | None) -> timedelta | None:
    if text is None:
        return None
    length = duration("--for", text)
    if length < timedelta(seconds=1):
        raise InvalidValue("--for", text, "it must be at least 1 second")
    return length


def _rows(text: str) -> int:
    plain = text.replace(",", "").replace("_", "")
    if not plain.isdecimal() or not FEWEST_ROWS <= int(plain) <= MOST_ROWS:
        raise InvalidValue("--rows", text, f"it must be a whole number from {FEWEST_ROWS} to {MOST_ROWS:,}")
    return int(plain)


def _next_steps(place: Path) -> list[str]:
    """Return what to try next. The commands work as they stand, from the same folder."""
    elsewhere = str(place) != shop.DEFAULT_FOLDER
    prefix = f"{shop.FOLDER_VARIABLE}={shlex.quote(str(place))} " if elsewhere else ""
    return [
        f"The files stay in {place}; the next start goes on from them. See the same and more:",
        *(f"  {prefix}rota {verb}" for verb in (f"list {APP}", f"runs {APP}", f"show {APP} send_digest")),
    ]
