"""Hand a message to a channel: to a process that sends it, with an end to its time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from rota.alerts.channels import Channel
from rota.alerts.digest import Message
from rota.errors import MissingExtra

SECONDS = 30.0


def send(channel: Channel, message: Message, hosts: Sequence[str], seconds: float = SECONDS) -> str | None:
    """Send a message, and return what went wrong, without secrets; `None`: it was taken.

    Args:
        hosts: Those that are allowed wherever they are.

    Raises:
        MissingExtra: apprise is not installed.
    """
    kind = "success" if message.is_good else "failure"
    order = {"title": message.title, "body": message.body, "type": kind, "hosts": list(hosts)}
    return _asked(channel, order, seconds)


def problem_with(channel: Channel) -> str | None:
    """Return what is wrong with the address of a channel, if anything is. Sends nothing.

    Raises:
        MissingExtra: apprise is not installed.
    """
    return _asked(channel, {}, SECONDS)


def _asked(channel: Channel, order: dict[str, Any], seconds: float) -> str | None:
    if find_spec("apprise") is None:
        raise MissingExtra("sending alerts", "alerts", "apprise is not installed")
    # By stdin: what is in `argv` everybody on this machine can read.
    text = json.dumps({**order, "url": channel.url})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "rota.alerts.sender"],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"there was no answer within {seconds:g} seconds"
    try:
        problem = json.loads(done.stdout)["problem"]
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        problem = f"the sender has ended without an answer: {last[:300]}"
    return channel.without_secrets(problem) or None
