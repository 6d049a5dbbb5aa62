"""Occurrences made of others, in whole seconds: merged, without some, without local days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rota.core.localtime import DAY, END, LocalClock, floor_second, instant_at
from rota.core.timetables.base import Compiled, Seconds, Timetable
from rota.core.timetables.every import Beat
from rota.core.timetables.local import LocalTimes

# A search for what an exclusion leaves gives up after so many excluded occurrences in a row.
MOST_EXCLUDED_IN_A_ROW = 200_000
_SHORT_SEARCH = 2_000  # and so many when declared, which costs a few milliseconds at most


def seconds_of(timetable: Timetable) -> Seconds:
    """Return any timetable as whole seconds."""
    return timetable.seconds() if isinstance(timetable, Compiled) else Asked(timetable)


@dataclass(frozen=True, slots=True)
class Asked:
    """The occurrences of a timetable that answers with datetimes only. They must be whole seconds."""

    timetable: Timetable

    def at_or_after(self, second: int) -> int | None:
        if second >= END:
            return None
        found = self.timetable.next_after(instant_at(max(second, 0) - 1))
        return None if found is None else floor_second(found)

    def at_or_before(self, second: int) -> int | None:
        if second < 0:
            return None
        found = self.timetable.previous_before(instant_at(min(second, END - 1) + 1))
        return None if found is None else floor_second(found)

    def count(self, start: int, end: int) -> int:
        return sum(1 for _ in self.timetable.between(instant_at(start), instant_at(end)))


def merged(members: Sequence[Seconds]) -> Seconds:
    """Return the union of members."""
    return members[0] if len(members) == 1 else Merged(tuple(members))


@dataclass(frozen=True, slots=True)
class Merged:
    """Occurrences of any of the members; one that several share is one."""

    members: tuple[Seconds, ...]

    def at_or_after(self, second: int) -> int | None:
        return min(
            (at for at in (m.at_or_after(second) for m in self.members) if at is not None), default=None
        )

    def at_or_before(self, second: int) -> int | None:
        return max(
            (at for at in (m.at_or_before(second) for m in self.members) if at is not None), default=None
        )

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)


def _walk_count(seconds: Seconds, start: int, end: int) -> int:
    total, found = 0, seconds.at_or_after(start)
    while found is not None and found < end:
        total, found = total + 1, seconds.at_or_after(found + 1)
    return total


class Without:
    """Occurrences of `base` that are none of `excluded`."""

    __slots__ = ("_base", "_excluded", "_nothing", "_whole_days")

    def __init__(self, base: Seconds, excluded: Seconds) -> None:
        self._base, self._excluded = base, excluded
        self._nothing = isinstance(base, Beat) and isinstance(excluded, Beat) and _contains(excluded, base)
        self._whole_days: LocalTimes | None = None
        if isinstance(base, LocalTimes) and isinstance(excluded, LocalTimes) and excluded.covers(base):
            self._whole_days = excluded

    def _run_of(self, second: int) -> tuple[int, int]:
        """Return (first, end) around an excluded `second` such that all of `base` in it is excluded."""
        if self._whole_days:
            first, end = self._whole_days.days_around(second)
            return min(first, second), max(end, second + 1)
        return second, second + 1

    def _search(self, second: int, tries: int) -> tuple[int | None, bool]:
        """Return the first occurrence that is not before `second`, and whether the search came to its end."""
        for _ in range(tries):
            found = None if self._nothing else self._base.at_or_after(second)
            if found is None or self._excluded.at_or_after(found) != found:
                return found, True
            second = self._run_of(found)[1]
        return None, False

    def at_or_after(self, second: int) -> int | None:
        return self._search(second, MOST_EXCLUDED_IN_A_ROW)[0]

    def at_or_before(self, second: int) -> int | None:
        for _ in range(0 if self._nothing else MOST_EXCLUDED_IN_A_ROW):
            found = self._base.at_or_before(second)
            if found is None or self._excluded.at_or_before(found) != found:
                return found
            second = self._run_of(found)[0] - 1
        return None

    def surely_empty(self) -> bool:
        """Say whether a short search is enough to know that nothing is left."""
        return self._search(0, _SHORT_SEARCH) == (None, True)

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)


def _contains(larger: Beat, smaller: Beat) -> bool:
    """Say whether each second of a beat is one of another."""
    return (
        smaller.step % larger.step == 0
        and (smaller.first - larger.first) % larger.step == 0
        and smaller.first >= larger.first
    )


class WithoutDays:
    """Occurrences of `base` that do not fall on the local days in `ranges` of day numbers."""

    __slots__ = ("_base", "_clock", "_firsts", "_lasts")

    def __init__(self, base: Seconds, ranges: Sequence[tuple[int, int]], clock: LocalClock) -> None:
        self._base, self._clock = base, clock
        self._firsts, self._lasts = [first for first, _ in ranges], [last for _, last in ranges]

    def _excluded_around(self, second: int) -> tuple[int, int] | None:
        """Return the excluded seconds around `second`, as far as clocks do not change; None if it is not."""
        start, end, offset, _, _ = self._clock.span_at(second)
        day = (second + offset) // DAY
        index = bisect_right(self._firsts, day) - 1
        if index < 0 or day > self._lasts[index]:
            return None
        first, last = self._firsts[index] * DAY - offset, (self._lasts[index] + 1) * DAY - offset
        return max(start, first), min(end, last)

    def at_or_after(self, second: int) -> int | None:
        found = self._base.at_or_after(second)
        while found is not None and (excluded := self._excluded_around(found)):
            found = self._base.at_or_after(excluded[1])
        return found

    def at_or_before(self, second: int) -> int | None:
        found = self._base.at_or_before(second)
        while found is not None and (excluded := self._excluded_around(found)):
            found = self._base.at_or_before(excluded[0] - 1)
        return found

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)
