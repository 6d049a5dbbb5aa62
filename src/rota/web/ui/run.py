"""One run: its life, its log, and what can be done about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import ENDED, Attempt
from rota.errors import InvalidValue
from rota.operations import requesting
from rota.operations.actor import Role
from rota.operations.history import get_run, log_of
from rota.operations.masking import MASK, masked
from rota.operations.runners import are_several, runner_of
from rota.operations.story import story
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.formats import pretty
from rota.web.ui.told import tell

ROUTES = Routes()
ONE = "/runs/<run_id>"
LINES = 500  # shown of a log; all of it is a link away


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log: `anchor` is the end of the link to it."""

    anchor: str
    number: int
    text: str


def log_lines(attempts: Sequence[Attempt], wanted: str = "") -> list[Line]:
    """Return the lines of the attempts' logs that contain `wanted`, whatever the case."""
    many = len(attempts) > 1
    return [
        Line(f"{f'a{one.number}-' if many else ''}L{number}", number, text)
        for one in attempts
        for number, text in enumerate(one.log.splitlines(), 1)
        if wanted.lower() in text.lower()
    ]


@ROUTES.get(ONE, Role.VIEWER, name="run")
def show(call: Call, run_id: str) -> Response:
    """Show everything about one run."""
    wanted = call.request.args.get("find", "")[:200]

    def make(now: datetime) -> dict[str, Any]:
        one = story(call.rota, run_id)
        lines = log_lines(one.attempts, wanted)
        args = masked(dict(one.run.args))
        return {
            "one": one,
            "run": one.run,
            "runner": runner_of(call.rota, one.run.task) if are_several(call.rota) else None,
            "args": args,
            "can_edit": MASK not in json.dumps(args, ensure_ascii=False, default=str),
            "lines": lines[-LINES:],
            "left_out": max(len(lines) - LINES, 0),
            "find": wanted,
            "has_ended": one.run.state in ENDED,
            "has_log": any(each.log for each in one.attempts),
        }

    return call.app.pages.live(call, "run.html", make)


@ROUTES.get(f"{ONE}/log", Role.VIEWER, name="run.log")
def raw_log(call: Call, run_id: str) -> Response:
    """Answer with the whole log, as text."""
    return Response(log_of(call.rota, run_id), content_type="text/plain; charset=utf-8")


@ROUTES.post(f"{ONE}/cancel", Role.OPERATOR, name="run.cancel")
def cancel(call: Call, run_id: str) -> Response:
    """Cancel a run: at once if it waits; one that runs is asked to stop."""
    run = get_run(call.rota, run_id)
    done = requesting.cancel(call.rota, [run.id], call.actor, _reason(call))
    here = call.url("run", run_id=run.id)
    if done.at_once:
        return tell(call, here, "The run is cancelled; it had not started.")
    if done.asked:
        return tell(call, here, "The run is asked to stop; its task sees that at its next step.")
    return tell(call, here, "Nothing was cancelled: the run had ended.", "warn")


@ROUTES.post(f"{ONE}/retry", Role.OPERATOR, name="run.retry")
def retry(call: Call, run_id: str) -> Response:
    """Run again what has ended, with other arguments if they are given."""
    run = get_run(call.rota, run_id)
    text = call.request.form.get("args")
    args = None if text is None else _args(text)
    made = requesting.retry(call.rota, run.id, call.actor, args, _reason(call))
    here, old = call.url("run", run_id=made), call.url("run", run_id=run.id)
    return tell(call, here, "This is the new run.", href=old, label="The one it retries")


def _reason(call: Call) -> str:
    return call.request.form.get("reason", "").strip()[:500]


def _args(text: str) -> dict[str, Any]:
    """Read arguments that somebody has edited. Raises `InvalidValue`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("arguments", text[:80], f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidValue("arguments", text[:80], 'it must be an object, such as {"limit": 50}')
    if MASK in pretty(value):
        raise InvalidValue(
            "arguments", MASK, "a masked value can not be sent back", "Write the value itself."
        )
    return value
