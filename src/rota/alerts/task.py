"""The task that tells: declared with a schedule for each channel, so that one sends whatever others do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from rota.alerts.channels import channels
from rota.alerts.digest import Kind, Known, digest, message
from rota.alerts.errors import ChannelFailed
from rota.alerts.looking import FARTHEST, TASK, Look, seen
from rota.alerts.sending import send
from rota.core.records import Run, RunQuery, RunState
from rota.core.timetables import cron
from rota.runners.local.context import RunContext

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.settings import Settings

FIRST = timedelta(minutes=1)
FIRST_OF_ALL = 1000  # priority: what is wrong is told before work that waits is done


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of a look: where the next one begins.

    Attributes:
        until: It has told what was known then.
        lines: How many things it told.
        told: These, as they were told.
        sent_at, sent_by: When a message was sent last, and the run that sent it.
        known: What goes on, by key.
    """

    until: datetime
    lines: int = 0
    told: tuple[str, ...] = ()
    sent_at: datetime | None = None
    sent_by: str = ""
    known: dict[str, Known] = {}


def schedule_of(channel: str) -> str:
    """Return the name of the schedule that serves a channel."""
    return f"{TASK}.{channel}"


def declare_alerts(rota: Rota, settings: Settings) -> None:
    """Declare a schedule for each channel of the setting `alerts`; none are there without one."""
    rota.registry.forget(TASK)
    if not settings.alerts:
        return

    def alerts(run: RunContext, channel: str) -> dict[str, Any]:
        """Tell one channel what needs a person, if anything is new."""
        return msgspec.to_builtins(told(rota, run, channel))  # type: ignore[no-any-return]

    # Tried again by the next look, which knows more by then: hence without retries.
    task = rota.task(
        name=TASK, retries=0, tags=["rota"], priority=FIRST_OF_ALL, time_limit="2m", concurrency=None
    )(alerts)
    for name in channels(settings.alerts):
        rota.schedule(
            task,
            cron("* * * * *", timezone="UTC"),
            name=schedule_of(name),
            args={"channel": name},
            concurrency=(schedule_of(name), 1),
        )


def told(rota: Rota, run: RunContext, name: str) -> Account:
    """Look, and tell a channel what is new.

    Raises:
        ChannelFailed: It has not taken the message. Nothing is lost: the next look tells it.
    """
    now, settings = rota.clock.now(), rota.settings
    last = last_account(rota, name, now)
    channel = channels(settings.alerts).get(name)
    if channel is None:  # a run of before it was taken out of the setting
        return last or Account(until=now)
    look = Look(
        since=last.until if last else now - FIRST,
        now=now,
        on=[Kind(one) for one in settings.alert_on],
        schedule=schedule_of(name),
        planned_at=None if run.is_catch_up or run.schedule is None else run.planned_at,
    )
    known = last.known if last else {}
    found = digest(seen(rota, look, known), known, now, look.on, rota.timezone)
    sent = (last.sent_at, last.sent_by) if last else (None, "")
    if found.lines:
        words = message(rota.name, found.lines, now, rota.timezone, settings.web_url)
        problem = send(channel, words, settings.alert_hosts)
        if problem is not None:
            raise ChannelFailed(name, problem)
        run.log.info("%s: %s", words.title, words.body)
        sent = (now, run.run_id)
    return Account(
        until=now,
        lines=len(found.lines),
        told=tuple(line.text for line in found.lines),
        sent_at=sent[0],
        sent_by=sent[1],
        known=dict(found.known),
    )


def last_account(rota: Rota, channel: str, now: datetime) -> Account | None:
    """Return what the last look that succeeded has left, if that was no longer than a day ago."""
    run = last_look(rota, channel, now, RunState.SUCCEEDED)
    return None if run is None else account_of(run)


def account_of(run: Run) -> Account | None:
    """Return the account that a run has left."""
    try:
        return msgspec.convert(run.result, Account)
    except (msgspec.ValidationError, ValueError):  # of a release that kept other things
        return None


def last_look(rota: Rota, channel: str, now: datetime, *states: RunState) -> Run | None:
    """Return the last look that ended in one of these states within a day."""
    query = RunQuery(
        rota=rota.name, schedule=schedule_of(channel), states=states, since=now - FARTHEST, limit=1
    )
    return next(iter(rota.store.runs(query)), None)
