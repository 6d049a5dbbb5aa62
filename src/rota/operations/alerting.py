"""Alerts, for operators: which channels there are, what they were told last, and a test of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rota.alerts.channels import Channel, channels
from rota.alerts.digest import Message
from rota.alerts.looking import TASK
from rota.alerts.sending import problem_with, send
from rota.alerts.task import account_of, last_account, last_look, schedule_of
from rota.core.records import RunState
from rota.errors import InvalidValue, MissingExtra
from rota.operations.actor import Actor, Role
from rota.operations.masking import masked
from rota.operations.shapes import utc

if TYPE_CHECKING:
    from rota.app import Rota

AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """A channel, and how it fares.

    Attributes:
        address: Masked.
        schedule: The schedule that serves it.
        looked_at: When the last look was that came to its end; `None`: none within a day.
        going_on: How many troubles it was told of that go on.
        sent_at, sent_by: When a message was sent last, and by which run; `""`: none is known.
        told: What that message said, while history has it.
        problem: Why the last look has failed, if it has.
        problem_run: The run of that look.
    """

    name: str
    address: str
    schedule: str
    looked_at: datetime | None = None
    going_on: int = 0
    sent_at: datetime | None = None
    sent_by: str = ""
    told: tuple[str, ...] = ()
    problem: str = ""
    problem_run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What is told, and to whom.

    Attributes:
        on: The kinds that are told.
        hosts: Hosts that are allowed although they are not on the internet.
    """

    channels: tuple[ChannelView, ...]
    on: tuple[str, ...]
    hosts: tuple[str, ...]
    web_url: str


@dataclass(frozen=True, slots=True)
class Tested:
    """How a test went.

    Attributes:
        problem: What went wrong; `""`: the channel has taken the message.
    """

    channel: str
    address: str
    problem: str = ""


def alerts(rota: Rota) -> Alerts:
    """Return the channels and how they fare. Reads only."""
    settings, now = rota.settings, rota.clock.now()
    return Alerts(
        channels=tuple(_view(rota, one, now) for one in channels(settings.alerts).values()),
        on=settings.alert_on,
        hosts=settings.alert_hosts,
        web_url=settings.web_url,
    )


def _view(rota: Rota, channel: Channel, now: datetime) -> ChannelView:
    account = last_account(rota, channel.name, now)
    last = last_look(rota, channel.name, now, RunState.SUCCEEDED, RunState.FAILED)
    sent = rota.store.run(account.sent_by) if account and account.sent_by else None
    message = account_of(sent) if sent is not None else None
    failed = last if last is not None and last.state is RunState.FAILED else None
    return ChannelView(
        name=channel.name,
        address=channel.masked,
        schedule=schedule_of(channel.name),
        looked_at=account.until if account else None,
        going_on=sum(one.is_said and one.over is None for one in account.known.values()) if account else 0,
        sent_at=account.sent_at if account else None,
        sent_by=account.sent_by if account else "",
        told=message.told if message else (),
        problem=masked(failed.failure.message) if failed and failed.failure else "",
        problem_run=failed.id if failed else "",
    )


def check_addresses(rota: Rota) -> list[Tested]:
    """Return what is wrong with the address of each channel. Sends nothing."""
    return [_tested(one, _checked(one)) for one in channels(rota.settings.alerts).values()]


def _checked(channel: Channel) -> str | None:
    try:
        return problem_with(channel)
    except MissingExtra as error:
        return str(error)


def send_test(rota: Rota, actor: Actor, channel: str | None = None) -> list[Tested]:
    """Send a test message to each channel, or to one, and return how each went.

    Raises:
        InvalidValue: No channel is set, or none has this name.
        MissingExtra: apprise is not installed.
        NotPermitted: It takes the role `admin`.
    """
    actor.require(Role.ADMIN, "test alerts")
    known = channels(rota.settings.alerts)
    if not known:
        hint = "Set ROTA_ALERTS to addresses of apprise, such as `slack://...`."
        raise InvalidValue("alerts", "", "no channel is set", hint)
    if channel is not None and channel not in known:
        raise InvalidValue("channel", channel, f"choose one of {', '.join(known)}")
    now = rota.clock.now()
    link = f"\n{rota.settings.web_url.rstrip('/')}/settings" if rota.settings.web_url else ""
    body = f"{actor.name} tests the alerts of rota {rota.name}, {utc(now.replace(microsecond=0))}.{link}"
    message = Message(f"{rota.name}: a test", body, is_good=True)
    chosen = [known[channel]] if channel is not None else list(known.values())
    with ThreadPoolExecutor(AT_ONCE) as pool:  # one that does not answer delays no other
        problems = pool.map(lambda one: send(one, message, rota.settings.alert_hosts), chosen)
        tested = [_tested(one, problem) for one, problem in zip(chosen, problems, strict=True)]
    went = {one.channel: one.problem or "sent" for one in tested}
    rota.store.amend([], [actor.line(rota.name, now, "test alerts", TASK, after=went)])
    return tested


def _tested(channel: Channel, problem: str | None) -> Tested:
    return Tested(channel.name, channel.masked, problem or "")
