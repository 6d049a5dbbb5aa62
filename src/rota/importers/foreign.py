"""A schedule of another system, and how it compares with what this rota declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rota.core.records import Definition
from rota.core.timetables import Timetable, cron, parse_timetable

if TYPE_CHECKING:
    from rota.app import Rota

FIELDS = ("minute", "hour", "day_of_month", "month", "day_of_week")
RANGES = {
    "second": range(60),
    "minute": range(60),
    "hour": range(24),
    "day_of_month": range(1, 32),
    "month": range(1, 13),
    "day_of_week": range(7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A schedule of another system.

    Attributes:
        name: Its name there.
        task: What it runs, as it is called there.
        timetable: The same in Rota's words; `None` if these can not say it: `problem` tells why.
        args: Keyword arguments.
        options: More for `rota.schedule`, such as `end` or `queue`.
        is_on: Whether it fires there.
        notes: What has to be looked at by hand.
    """

    name: str
    task: str
    timetable: Timetable | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    is_on: bool = True
    problem: str = ""
    notes: tuple[str, ...] = ()

    def declaration(self) -> str:
        """Return the line of Python that declares it. Raises nothing: without a timetable it is empty."""
        if self.timetable is None:
            return ""
        more = {**({"args": dict(self.args)} if self.args else {}), **self.options}
        extra = "".join(f", {name}={value!r}" for name, value in more.items())
        return f"rota.schedule({self.task!r}, {str(self.timetable)!r}, name={self.name!r}{extra})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A schedule of another system beside the one of this rota.

    Attributes:
        verb: `same`, `differs`, `missing` (this rota declares none), `off` or `problem`.
        schedule: Name of the one of this rota.
        fires: The next instants of both, if they differ; theirs first.
    """

    foreign: Foreign
    verb: str
    schedule: str | None = None
    fires: tuple[tuple[datetime | None, datetime | None], ...] = ()


def compare(rota: Rota, found: Iterable[Foreign], now: datetime, count: int) -> list[Comparison]:
    """Compare them with what the code declares: with the schedule of the same name, else of the same task.

    Args:
        count: How many of the next instants have to agree.
    """
    declared = {one.name: one.definition for one in rota.registry.declared()}
    return [_compared(one, declared, now, count) for one in found]


def _compared(foreign: Foreign, declared: Mapping[str, Definition], now: datetime, count: int) -> Comparison:
    name = _counterpart(foreign, declared)
    if foreign.timetable is None:
        return Comparison(foreign=foreign, verb="problem", schedule=name)
    if not foreign.is_on:
        return Comparison(foreign=foreign, verb="off", schedule=name)
    if name is None:
        return Comparison(foreign=foreign, verb="missing")
    theirs = foreign.timetable.upcoming(now, count)
    ours = parse_timetable(declared[name].timetable).upcoming(now, count)
    if theirs == ours:
        return Comparison(foreign=foreign, verb="same", schedule=name)
    fires = tuple((_at(theirs, index), _at(ours, index)) for index in range(max(len(theirs), len(ours))))
    return Comparison(foreign=foreign, verb="differs", schedule=name, fires=fires)


def _counterpart(foreign: Foreign, declared: Mapping[str, Definition]) -> str | None:
    if foreign.name in declared:
        return foreign.name
    of_task = [name for name, definition in declared.items() if definition.task == foreign.task]
    return of_task[0] if len(of_task) == 1 else None


def _at(instants: Sequence[datetime], index: int) -> datetime | None:
    return instants[index] if index < len(instants) else None


def cron_of(values: Mapping[str, Iterable[int]], zone: str | None, *, days: str | None = None) -> Timetable:
    """Return what is due when every field has one of its values: day of month *and* day of week.

    Args:
        values: Of the fields in `RANGES`, Sunday being 0; one that is left out has any.
        days: Text of the day of month, instead of values, such as `L` or `fri#1`.
    """
    texts = {name: _text(values.get(name), name) for name in FIELDS}
    seconds = sorted(values.get("second", (0,)))
    first = "" if seconds == [0] else f"{_text(seconds, 'second')} "
    if days is not None:
        texts["day_of_week" if "#" in days or days[:-1] else "day_of_month"] = days
    line = first + " ".join(texts[name] for name in FIELDS)
    if texts["day_of_month"] == "*" or texts["day_of_week"] == "*" or days is not None:
        return cron(line, timezone=zone)
    # A cron line with both means either. So: these days of the month, except on the other days of the week.
    others = [day for day in RANGES["day_of_week"] if day not in set(values["day_of_week"])]
    base = {**texts, "day_of_week": "*"}
    left_out = {**texts, "day_of_month": "*", "day_of_week": _text(others, "day_of_week")}
    wanted = cron(first + " ".join(base[name] for name in FIELDS), timezone=zone)
    return wanted - cron(first + " ".join(left_out[name] for name in FIELDS), timezone=zone)


def _text(values: Iterable[int] | None, name: str) -> str:
    """Return a field of a cron line for a set of values."""
    whole = RANGES[name]
    chosen = sorted(set(whole if values is None else values))
    if chosen == list(whole):
        return "*"
    step = chosen[1] - chosen[0] if len(chosen) > 2 else 0
    # From the first value on: `*/7` and a list that begins elsewhere are not the same.
    if step > 1 and chosen == list(whole[::step]):
        return f"*/{step}"
    if len(chosen) > 2 and step == 1 and chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"{chosen[0]}-{chosen[-1]}"
    return ",".join(map(str, chosen))
