"""What is to be told now: from what is wrong and what was told before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rota.core.localtime import zone_named
from rota.core.words import join_words

SAME_AGAIN = timedelta(hours=1)  # between two messages about what ends and comes back
REMINDER = timedelta(days=1)
PATIENCE = timedelta(minutes=1)  # a state is told when a second look sees it: a restart is no trouble
FORGOTTEN = timedelta(days=8)
MOST_LINES, MOST_KEPT, MOST_NAMES, SHOWN_NAMES = 12, 50, 20, 3
LONGEST = 300  # characters of a line


class Kind(StrEnum):
    """What is told, as the setting `alert_on` names it; worst first."""

    STALLED = "stalled"  # nothing is run: no scheduler, no worker, a queue that nobody serves
    STOPPED = "stopped"  # a schedule does not fire: it is quarantined, or no code declares its task
    FAILED = "failed"  # runs failed for good
    MISSED = "missed"  # occurrences that nothing was there for
    EXPIRED = "expired"  # runs that did not start before their deadline
    RECOVERED = "recovered"  # what was told is over


class Ends(StrEnum):
    """What ends a trouble."""

    SUCCESS = "success"  # its schedules have succeeded since
    ABSENCE = "absence"  # a look no longer sees it
    ITSELF = "itself"  # it has happened, and that is all


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a schedule, or to a task without one.

    Attributes:
        at: When it became known.
        began: When it was due, if that was earlier.
        count: Of what it stands for.
        run: The run that shows it, or `""`.
    """

    at: datetime
    name: str
    began: datetime | None = None
    count: int = 1
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a look has seen.

    Attributes:
        key: Names it from one look to the next.
        what: The error, reason or finding.
        events: The latest first; none for a state, which ends by absence.
        is_new: No error like it was seen in the last seven days.
    """

    key: str
    kind: Kind
    ends: Ends
    what: str
    events: tuple[Event, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A trouble that is known from one look to the next. It is stored with the result of a look.

    Attributes:
        since: Its first event.
        last: Its last one that was counted.
        count: Of its events, since `since`.
        unsaid: Of its events, since it was told.
        told: When it, or an earlier one of this key, was told last; `None`: never.
        is_said: This one, since `since`, was told.
        over: When it ended.
        run: Its last run.
    """

    kind: Kind
    ends: Ends
    what: str
    since: datetime
    last: datetime
    names: tuple[str, ...] = ()
    count: int = 0
    unsaid: int = 0
    told: datetime | None = None
    is_said: bool = False
    is_new: bool = False
    over: datetime | None = None
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look has found in the store.

    Attributes:
        well: When schedules that were known to fail succeeded last, if that was their last end.
        gone: Schedules that were known to fail, and are no more.
    """

    troubles: Sequence[Trouble] = ()
    well: Mapping[str, datetime] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to tell."""

    kind: Kind
    text: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """What to tell, and what is known from now on."""

    lines: tuple[Line, ...]
    known: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes:
        is_good: Nothing in it is wrong: all of it is over.
    """

    title: str
    body: str
    is_good: bool = False


Say = Callable[[Known, datetime, str], Line]


def digest(seen: Seen, known: Mapping[str, Known], now: datetime, on: Iterable[Kind], zone: str) -> Digest:
    """Return what to tell now, worst first.

    A trouble is told when it is first seen, when it reaches other schedules, once a day while it goes on, and
    when it is over; what ends and comes back, at most once an hour.

    Args:
        known: As the last look left it.
        on: The kinds to tell.
        zone: Of the times in the words.
    """
    wanted = frozenset(on)
    lines: list[Line] = []
    kept: dict[str, Known] = {}
    left_out = 0
    current = {one.key: one for one in seen.troubles if one.kind in wanted}
    for key in dict.fromkeys([*known, *current]):
        before = known.get(key)
        one = _observed(before, current.get(key), now)
        if one is None or one.kind not in wanted:
            continue
        if before is None and len(kept) >= MOST_KEPT:
            left_out += 1
            continue
        say, one = _step(before, one, key in current, seen, now)
        if say is not None and (say is not _over or Kind.RECOVERED in wanted):
            lines.append(say(one, now, zone))
        if not _is_forgotten(one, now):
            kept[key] = one
    if left_out and lines:
        lines.append(Line(Kind.FAILED, f"{left_out} other troubles; so many are not followed one by one"))
    order = list(Kind)
    return Digest(tuple(sorted(lines, key=lambda line: order.index(line.kind))), kept)


def _observed(before: Known | None, trouble: Trouble | None, now: datetime) -> Known | None:
    """Return what is known after what a look has seen of one key."""
    if trouble is None:
        return before
    fresh = [one for one in trouble.events if before is None or one.at > before.last]
    if before is None or before.over is not None:
        if not fresh and trouble.ends is not Ends.ABSENCE:
            return before
        told = None if before is None else before.told
        starts = [one.began or one.at for one in fresh]
        before = Known(
            kind=trouble.kind, ends=trouble.ends, what=trouble.what, since=min(starts, default=now),
            last=now, told=told, is_new=trouble.is_new and told is None,
        )  # fmt: skip
    count = sum(one.count for one in fresh)
    names = tuple(dict.fromkeys([*before.names, *(one.name for one in fresh)]))[:MOST_NAMES]
    return replace(
        before,
        what=trouble.what,
        last=max((one.at for one in fresh), default=before.last),
        names=names,
        count=before.count + count,
        unsaid=before.unsaid + count,
        run=fresh[0].run if fresh else before.run,
    )


def _step(
    before: Known | None, one: Known, is_seen: bool, seen: Seen, now: datetime
) -> tuple[Say | None, Known]:
    """Return the words for what is to be told of one trouble, if anything is, and what is then known."""
    said = replace(one, told=now, is_said=True, unsaid=0)
    if one.over is not None:
        return None, one
    if one.ends is Ends.SUCCESS and seen.gone:
        one = replace(one, names=tuple(name for name in one.names if name not in seen.gone))
        if not one.names:
            return None, replace(one, over=now)
    if _has_ended(one, is_seen, seen):
        return (_over if one.is_said else None), replace(one, over=now, told=now if one.is_said else one.told)
    if not one.is_said:
        may = one.told is None or now - one.told >= SAME_AGAIN
        if not may or (one.ends is Ends.ABSENCE and now - one.since < PATIENCE):
            return None, one
        return _begun, replace(said, over=now) if one.ends is Ends.ITSELF else said
    if before is not None and len(one.names) > len(before.names) and before.over is None:
        return _begun, said
    assert one.told is not None
    goes_on = one.unsaid > 0 or one.ends is Ends.ABSENCE
    return (_still, said) if goes_on and now - one.told >= REMINDER else (None, one)


def _has_ended(one: Known, is_seen: bool, seen: Seen) -> bool:
    if one.ends is Ends.ABSENCE:
        return not is_seen
    if one.ends is Ends.SUCCESS:
        return all(name in seen.well and seen.well[name] > one.last for name in one.names)
    return False


def _is_forgotten(one: Known, now: datetime) -> bool:
    """Say whether nothing of it matters any more: a trouble that comes back in an hour was told already."""
    if one.over is not None:
        return one.told is None or now - max(one.told, one.over) >= SAME_AGAIN
    return one.ends is not Ends.ABSENCE and now - one.last >= FORGOTTEN


# -- words
def _begun(one: Known, now: datetime, zone: str) -> Line:
    return Line(one.kind, _cut(_sentence(one, now, zone) + (" (a new error)" if one.is_new else "")), one.run)


def _still(one: Known, now: datetime, zone: str) -> Line:
    since = _when(one.since, now, zone)
    if one.kind is Kind.FAILED:
        fails = "fails" if len(one.names) == 1 else "fail"
        text = f"{_named(one.names)} still {fails}, {_times(one.count)} since {since}: {one.what}"
    else:
        text = f"{one.what} (still, since {since})" if one.ends is Ends.ABSENCE else _sentence(one, now, zone)
    return Line(one.kind, _cut(text), one.run)


def _over(one: Known, now: datetime, zone: str) -> Line:
    since = _when(one.since, now, zone)
    if one.kind is Kind.FAILED:
        text = f"{_named(one.names)} succeeded again, after failing {_times(one.count)} since {since}"
    else:
        text = f"No longer so: {one.what} (since {since})"
    return Line(Kind.RECOVERED, _cut(text), "")


def _sentence(one: Known, now: datetime, zone: str) -> str:
    since, names = _when(one.since, now, zone), _named(one.names)
    if one.kind is Kind.FAILED:
        return f"{names} failed{f' {_times(one.count)} since {since}' if one.count > 1 else ''}: {one.what}"
    if one.kind is Kind.MISSED:
        are = "occurrence of {} was" if one.count == 1 else "occurrences of {} were"
        return f"{one.count:,} {are.format(names)} missed since {since}: {one.what}"
    if one.kind is Kind.EXPIRED:
        runs = "run" if one.count == 1 else "runs"
        return f"{one.count:,} {runs} of {names} expired since {since}: {one.what}"
    if one.ends is Ends.ITSELF:
        return f"{one.what} (from {since})"
    return one.what


def _named(names: Sequence[str]) -> str:
    if len(names) <= SHOWN_NAMES + 1:
        return join_words(names)
    more = len(names) - SHOWN_NAMES
    return f"{', '.join(names[:SHOWN_NAMES])} and {more}{' or' if len(names) == MOST_NAMES else ''} more"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _when(at: datetime, now: datetime, zone: str) -> str:
    """Write an instant in short: a line at the end of the message names the zone."""
    there = zone_named(zone)
    local, today = at.astimezone(there), now.astimezone(there)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y %H:%M}"


def _cut(text: str) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


# -- the message
def message(rota: str, lines: Sequence[Line], now: datetime, zone: str, web_url: str = "") -> Message:
    """Return what is sent: a line for each thing, with a link to the run that shows it, and the zone."""
    wrong = [line for line in lines if line.kind is not Kind.RECOVERED]
    count = f"{len(wrong)} {'thing needs' if len(wrong) == 1 else 'things need'} attention"
    title = f"{rota}: {count if wrong else 'recovered'}"
    return Message(title, "\n".join(_body(lines, now, zone, web_url.rstrip("/"))), is_good=not wrong)


def _body(lines: Sequence[Line], now: datetime, zone: str, web_url: str) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        mark = "✔" if line.kind is Kind.RECOVERED else "✘"
        yield f"{mark} {line.text}"
        if web_url and line.run:
            yield f"  {web_url}/runs/{line.run}"
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES} more"
    if web_url:
        yield f"All of it: {web_url}/"
    local = now.astimezone(zone_named(zone))
    yield f"Seen at {local:%H:%M} {zone} ({local:%z})"
