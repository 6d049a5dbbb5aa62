"""`rota run`, `rota scheduler`, `rota worker`, `rota tick`: processes that take part."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from rota.cli import logging as rota_logging
from rota.cli import show
from rota.cli.apps import app_command
from rota.cli.main import FAILED
from rota.cli.memory import leave_alone_what_is_loaded
from rota.cli.stopping import Stop
from rota.errors import RotaError

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.web import Server

log = logging.getLogger("rota.cli")
ANNOUNCED = 100
STDOUT, STDERR = 1, 2


def log_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options about the log."""
    for option in (
        click.option(
            "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="ROTA_LOG_LEVEL"
        ),
        click.option("--log-format", type=click.Choice(["text", "json"]), help="ROTA_LOG_FORMAT"),
    ):
        function = option(function)
    return function


def worker_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a worker."""
    for option in (
        click.option("--concurrency", type=click.IntRange(1, 1000), help="Bodies at once; ROTA_CONCURRENCY."),
        click.option("--queues", metavar="A,B", help="Queues to serve; ROTA_QUEUES, or all."),
    ):
        function = option(function)
    return function


@app_command("run", example="rota run shop.tasks:rota")
@worker_options
@click.option("--web", metavar="HOST:PORT", help="Serve the admin UI and the REST API too; see `rota web`.")
@log_options
def run(
    rota: Rota, queues: str | None, concurrency: int | None, web: str | None, **log_settings: Any
) -> None:
    """Run scheduler and worker in one process, until SIGTERM or Ctrl-C.

    The first signal drains: nothing more is taken, what runs may end (ROTA_DRAIN_TIMEOUT). A second one ends
    the process at once; other nodes then take over what it held.
    """
    _serve(rota, ("scheduler", "worker"), queues, concurrency, log_settings, web)


@app_command("scheduler", example="rota scheduler shop.tasks:rota")
@log_options
def scheduler(rota: Rota, **log_settings: Any) -> None:
    """Run a scheduler, which turns what is due into runs. Any number may run at once: nothing is doubled."""
    _serve(rota, ("scheduler",), None, None, log_settings)


@app_command("worker", example="rota worker shop.tasks:rota --queues mail,default --concurrency 4")
@worker_options
@log_options
def worker(rota: Rota, queues: str | None, concurrency: int | None, **log_settings: Any) -> None:
    """Run a worker, which executes runs. A signal drains, a second one ends at once; see `rota run`."""
    _serve(rota, ("worker",), queues, concurrency, log_settings)


@app_command("tick", example="rota tick shop.tasks:rota")
@click.option("--json", "json_", is_flag=True, help="The summary as JSON.")
@log_options
@click.pass_context
def tick(ctx: click.Context, /, rota: Rota, json_: bool, **log_settings: Any) -> None:
    """Make one pass: decide what is due, run what is ready to its end, and exit. For cron lines and triggers.

    The exit code is 1 if a run failed for good.
    """
    set_up_log(rota, {"log_level": "warning", **_given(log_settings)})
    with _stdout_for_us():
        ended = dict(rota.tick().ended)
    if json_:
        show.as_json_line({"ended": ended})
    else:
        parts = [f"{count} {kind}" for kind, count in sorted(ended.items())]
        click.echo(", ".join(parts) or "nothing was due")
    if ended.get("failed"):
        ctx.exit(FAILED)


@contextmanager
def _stdout_for_us() -> Iterator[None]:
    """Let what bodies and their processes print go to stderr: stdout is the summary's."""
    sys.stdout.flush()
    saved = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, STDOUT)
        os.close(saved)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def set_up_log(rota: Rota, given: dict[str, Any]) -> None:
    """Let the log be written as options say, and settings where these are silent."""
    settings = rota.settings
    level, form = given.get("log_level"), given.get("log_format")
    rota_logging.set_up(form or settings.log_format, level or settings.log_level)


def _serve(
    rota: Rota,
    roles: Sequence[str],
    queues: str | None,
    concurrency: int | None,
    log_settings: dict[str, Any],
    web: str | None = None,
) -> None:
    set_up_log(rota, log_settings)
    asked = Stop()
    names = [one.strip() for one in queues.split(",") if one.strip()] if queues else None
    node = rota.node(roles, queues=names, concurrency=concurrency)
    server = None if web is None else _server(rota, web)
    _announce(rota)
    # This process is the node's alone. By default a thread that computes keeps the interpreter for 5 ms, for
    # which those that claim and settle wait after every row: with 1 ms short runs drain twice as fast.
    sys.setswitchinterval(0.001)
    leave_alone_what_is_loaded()
    node.on_drained = asked.end
    node.start()
    if server is not None:
        server.start()
    number = asked.wait()
    if number is not None:
        log.info("draining; a second signal ends at once", extra={"signal": signal.Signals(number).name})
    if server is not None:
        server.close()
    node.stop()


def _server(rota: Rota, address: str) -> Server:
    from rota.cli.web import greet, read_address
    from rota.web import Server

    server = Server(rota, *read_address(address))
    greet(server.url)
    return server


def _announce(rota: Rota) -> None:
    """Log one line for each schedule; the first hundred. They are not counted: there may be a million."""
    from rota.core.records import ScheduleQuery
    from rota.operations.schedules import list_schedules

    if not log.isEnabledFor(logging.INFO):
        return
    try:
        views = list_schedules(rota, ScheduleQuery(limit=ANNOUNCED + 1), last_runs=False)
    except RotaError as error:  # the node itself tries again; it need not end for its greeting
        log.warning("schedules can not be listed", extra={"problem": str(error)})
        return
    for one in views[:ANNOUNCED]:
        facts = {
            "schedule": one.schedule.name,
            "timetable": one.schedule.effective.timetable,
            "timezone": one.zone,
            "next_due": one.next_due,
            "state": one.state,
        }
        log.info("schedule", extra=facts)
    if len(views) > ANNOUNCED:
        log.info("and more: rota list")
