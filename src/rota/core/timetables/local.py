"""Local days and times of day, turned into seconds under the rule for clock changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from rota.core.localtime import DAY, END, LocalClock
from rota.core.timetables.days import FIRST_DAY, Days, EachNthDay

_LONG_REACH = 40  # days
_NEVER = 1 << 60  # a reading after all others; minus it, before all others


class TimesOfDay:
    """Some seconds of the day: each of `minutes` (seconds of the day) plus each of `within`."""

    __slots__ = ("_last_within", "_minutes", "_within", "first", "last", "plain", "total")

    def __init__(self, minutes: Sequence[int], within: Sequence[int] = (0,)) -> None:
        """Both are sorted and distinct. With more than one `within`, `minutes` are multiples of 60."""
        self._minutes, self._within = minutes, within
        self.first, self.last = minutes[0] + within[0], minutes[-1] + within[-1]
        self.total = len(minutes) * len(within)
        self.plain = minutes if tuple(within) == (0,) else ()

    def at_or_after(self, time: int) -> int:
        """Return the first time that is not before `time`, which is at most `last`."""
        minutes, within = self._minutes, self._within
        offset = within[0]
        if len(within) == 1:
            return minutes[bisect_left(minutes, time - offset)] + offset
        index = bisect_left(minutes, time - time % 60)
        if minutes[index] == time - time % 60 and time % 60 <= within[-1]:
            return minutes[index] + within[bisect_left(within, time % 60)]
        return minutes[bisect_right(minutes, time - time % 60)] + offset

    def at_or_before(self, time: int) -> int:
        """Return the last time that is not after `time`, which is at least `first`."""
        minutes, within = self._minutes, self._within
        if len(within) == 1:
            return minutes[bisect_right(minutes, time - within[0]) - 1] + within[0]
        index = bisect_right(minutes, time) - 1
        if time - minutes[index] >= within[0]:
            return minutes[index] + within[bisect_right(within, time - minutes[index]) - 1]
        return minutes[index - 1] + within[-1]

    def contains(self, other: TimesOfDay) -> bool:
        """Say whether all times of another set are in this one."""
        return self is other or (
            {*other._minutes} <= {*self._minutes} and {*other._within} <= {*self._within}
        )

    def before(self, time: int) -> int:
        """Return how many times of the day are before `time`."""
        minutes, within = self._minutes, self._within
        if len(within) == 1:
            return bisect_left(minutes, time - within[0])
        index = bisect_right(minutes, time) - 1
        if index < 0:
            return 0
        return index * len(within) + bisect_left(within, time - minutes[index])


class LocalTimes:
    """Occurrences at some times of some days, as the clocks of one zone show them.

    Within a span of constant offset, readings are found by calendar arithmetic alone. The spans, and
    the readings that each decides about, come from the clock, which holds the rule for clock changes.
    """

    __slots__ = ("_clock", "_daily", "_days", "_first", "_last", "_minutes", "_times")

    def __init__(self, days: Days, times: TimesOfDay, clock: LocalClock) -> None:
        self._days, self._times, self._clock = days, times, clock
        self._daily = days == EachNthDay()
        self._first, self._last, self._minutes = times.first, times.last, times.plain

    def at_or_after(self, second: int) -> int | None:
        if second < 0:
            second = 0
        elif second >= END:
            return None
        clock = self._clock
        start, end, offset, opens, closes = clock.last
        if not start <= second < end:
            start, end, offset, opens, closes = clock.span_at(second)
        reading = second + offset
        if second == start or reading < opens:
            reading = opens
        elif reading > closes:
            reading = closes
        due = self._reading_from(reading)
        while True:
            if due < closes:
                found = due - offset
                if found < start:
                    found = start
                return found if found < END else None
            # Nothing is due up to `due`, so spans can be passed over, unless they show readings again.
            decided = closes
            passed = end if clock.repeat == "both" else max(end, due - DAY)
            if passed >= END:
                return None
            start, end, offset, opens, closes = clock.span_at(passed)
            if opens < decided or opens > due:
                due = self._reading_from(opens)

    def at_or_before(self, second: int) -> int | None:
        if second >= END:
            second = END - 1
        elif second < 0:
            return None
        clock = self._clock
        start, end, offset, opens, closes = clock.last
        if not start <= second < end:
            start, end, offset, opens, closes = clock.span_at(second)
        reading = self._reading_to(max(min(second + offset, closes - 1), opens - 1))
        while True:
            if reading >= opens:
                found = max(reading - offset, start)
                return found if found >= 0 else None
            decided = opens
            second = start - 1 if clock.repeat == "both" else min(start - 1, reading + DAY)
            if second < 0:
                return None
            start, end, offset, opens, closes = clock.span_at(second)
            if closes > decided or closes <= reading:
                reading = self._reading_to(closes - 1)

    def count(self, start: int, end: int) -> int:
        total = 0
        while start < end:
            begin, stop, offset, opens, closes = self._clock.span_at(start)
            low = max(start + offset, opens) if start > begin else opens
            high = min(end + offset, closes) if end < stop else closes
            if low < begin + offset:  # all that was skipped before this span happens at once, at its begin
                first = self._reading_from(low)
                low = begin + offset + 1
                total += first < low
            total += max(self._rank(high) - self._rank(low), 0) if low < high else 0
            start = stop
        return total

    def covers(self, other: LocalTimes) -> bool:
        """Say whether each time of day of `other` is one of this, by the same clock."""
        return self._clock is other._clock and self._times.contains(other._times)

    def days_around(self, second: int) -> tuple[int, int]:
        """Return (first, end) such that all local days in `[first, end)` are days of this, as `second` is.

        The answer reaches as far as clocks do not change, and no more than 40 days.
        """
        start, end, offset, opens, closes = self._clock.span_at(second)
        first = last = (second + offset) // DAY
        if self._daily:
            return start, end
        while second // DAY - first < _LONG_REACH and self._days.count(first - 1, first):
            first -= 1
        while last - second // DAY < _LONG_REACH and self._days.count(last + 1, last + 2):
            last += 1
        low, high = max(first * DAY, opens) - offset, min((last + 1) * DAY, closes) - offset
        return max(start, low), min(end, high)

    def _reading_from(self, reading: int) -> int:
        """Return the first matching reading that is not before `reading`."""
        day = reading // DAY
        found = day if self._daily else self._days.at_or_after(day)
        if found == day:
            time, minutes = reading - day * DAY, self._minutes
            if time <= self._last:
                # the usual case, inlined: it is half of the time of `next_after`
                return day * DAY + (
                    minutes[bisect_left(minutes, time)] if minutes else self._times.at_or_after(time)
                )
            found = self._days.at_or_after(day + 1)
        return _NEVER if found is None else found * DAY + self._first

    def _reading_to(self, reading: int) -> int:
        """Return the last matching reading that is not after `reading`."""
        day, time = divmod(reading, DAY)
        found = self._days.at_or_before(day)
        if found == day:
            if time >= self._first:
                return day * DAY + self._times.at_or_before(time)
            found = self._days.at_or_before(day - 1)
        return -_NEVER if found is None else found * DAY + self._last

    def _rank(self, reading: int) -> int:
        """Return the number of matching readings before `reading`."""
        day, time = divmod(reading, DAY)
        whole = self._days.count(FIRST_DAY, day) * self._times.total
        return whole + (self._times.before(time) if self._days.count(day, day + 1) else 0)
