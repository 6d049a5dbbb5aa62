"""Commands: what is executed, with which arguments, and what becomes of its output."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping

import msgspec

from rota.core.records import Claimed, Json
from rota.core.tasks import Command
from rota.runners.local.group import Group

LONGEST_LINE = 64 * 1024
_PLACE = re.compile(r"\{(\w+)\}", re.ASCII)


def start(command: Command, run: Claimed) -> Group:
    """Start `command` for `run`. Raises `OSError` when the system can not."""
    output, written = os.pipe()
    try:
        return Group(
            arguments_of(command, run.args),
            output,
            stdout=written,
            stderr=subprocess.STDOUT,
            env=environment_of(command, run),
            cwd=command.cwd,
        )
    except BaseException:
        os.close(output)
        raise
    finally:
        os.close(written)


def arguments_of(command: Command, args: Mapping[str, Json]) -> list[str]:
    """Return what is executed. Values go into whole items of `argv`, never into the text of a shell."""
    if command.shell:
        return ["/bin/sh", "-c", command.argv[0]]

    def value_of(place: re.Match[str]) -> str:
        return text_of(args[place[1]]) if place[1] in args else place[0]

    return [_PLACE.sub(value_of, item) for item in command.argv]


def environment_of(command: Command, run: Claimed) -> dict[str, str]:
    """Return the environment: the node's, the command's, the arguments, and the facts of the run."""
    facts = {
        "ROTA_RUN_ID": run.id,
        "ROTA_TASK": run.task,
        "ROTA_SCHEDULE": run.schedule,
        "ROTA_ATTEMPT": str(run.attempt),
        "ROTA_PLANNED_AT": run.planned_at and run.planned_at.isoformat(),
        "ROTA_WINDOW_START": run.last_success and run.last_success.isoformat(),
        "ROTA_WINDOW_END": run.planned_at and run.planned_at.isoformat(),
    }
    arguments = {f"ROTA_ARG_{name.upper()}": text_of(value) for name, value in run.args.items()}
    return {
        **os.environ,
        **command.env,
        **arguments,
        **{name: value for name, value in facts.items() if value},
    }


def text_of(value: Json) -> str:
    """Return a text as it is, and any other value as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def read_lines(group: Group, line: Callable[[str], None]) -> str:
    """Hand on each line of the output as it comes, until the command has ended. Returns the last one."""
    rest, last = b"", ""

    def hand_on(raw: bytes) -> None:
        nonlocal last
        text = raw.decode("utf-8", "backslashreplace").rstrip("\r")
        last = text if text.strip() else last
        line(text)

    while data := group.read():
        *lines, rest = (rest + data).split(b"\n")
        for one in lines:
            hand_on(one)
        if len(rest) > LONGEST_LINE:
            hand_on(rest)
            rest = b""
    if rest:
        hand_on(rest)
    return last[:300]
