"""A cron line said in English: `At 02:30 on the 13th of the month or on Fridays`."""

from __future__ import annotations

from collections.abc import Callable

from rota.core.timetables.days import ALL_DAYS, ALL_WEEK, Selectors
from rota.core.timetables.fields import CronFields
from rota.core.words import MONTHS, WEEKDAYS, clock_time, join_words, nth_word, ordinal

_MOST_TIMES = 6  # as many times of day are listed one by one
_ALL_HOURS, _ALL_MINUTES, _ALL_MONTHS = (1 << 24) - 1, (1 << 60) - 1, 0x1FFE


def describe_cron(fields: CronFields) -> str:
    """Say when a cron line is due."""
    times, days = _times(fields), _days(fields)
    if not days:
        days = "every day" if times.startswith("At ") and "past" not in times and " of " not in times else ""
    return f"{times} {days}".strip()


def members(mask: int) -> list[int]:
    """Return the numbers of the bits that are set."""
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def _times(fields: CronFields) -> str:
    hours, minutes, seconds = members(fields.hours), members(fields.minutes), members(fields.seconds)
    if len(hours) * len(minutes) * len(seconds) <= _MOST_TIMES:
        at = [
            hour * 3600 + minute * 60 + second for hour in hours for minute in minutes for second in seconds
        ]
        return f"At {join_words(list(map(clock_time, at)))}"
    if seconds == [0]:
        return _minutes(hours, minutes)
    return _seconds(seconds, hours, minutes)


def _seconds(seconds: list[int], hours: list[int], minutes: list[int]) -> str:
    step = _even_step(seconds, 60)
    every = "Every second" if step == 1 else f"Every {step} seconds"
    said = every if step else f"At {_numbered('second', seconds)}"
    if len(hours) == 24 and len(minutes) == 60:
        return said if step else f"{said} of every minute"
    return f"{said} of {_each('minute', minutes, 60)} of {_each('hour', hours, 24)}"


def _each(unit: str, numbers: list[int], size: int) -> str:
    """Say `every minute`, `every 5th minute`, `minutes 5 and 35`."""
    step = _even_step(numbers, size)
    if step:
        return f"every {unit}" if step == 1 else f"every {ordinal(step)} {unit}"
    return _numbered(unit, numbers)


def _minutes(hours: list[int], minutes: list[int]) -> str:
    step = _even_step(minutes, 60)
    beat = "" if step is None else "Every minute" if step == 1 else f"Every {step} minutes"
    if len(hours) == 24:
        if minutes == [0]:
            return "Every hour"
        return beat or f"At {_past(minutes)} every hour"
    contiguous = hours[-1] - hours[0] == len(hours) - 1
    if (beat or len(minutes) == 1) and contiguous and len(hours) > 1:
        first, last = hours[0] * 3600 + minutes[0] * 60, hours[-1] * 3600 + minutes[-1] * 60
        return f"{beat or 'Every hour'} from {clock_time(first)} to {clock_time(last)}"
    if beat and len(hours) == 1:
        return (
            f"{beat} from {clock_time(hours[0] * 3600)} to {clock_time(hours[0] * 3600 + minutes[-1] * 60)}"
        )
    if minutes == [0] and (step := _even_step(hours, 24)):
        return f"Every {step} hours"
    each = _each("hour", hours, 24)
    return f"{beat} of {each}" if beat else f"At {_past(minutes)} {each}"


def _past(minutes: list[int]) -> str:
    """Say `15 minutes past`, `minutes 5 and 35 past`."""
    if len(minutes) == 1:
        return f"{minutes[0]} minute{'s' if minutes[0] != 1 else ''} past"
    return f"{_numbered('minute', minutes)} past"


def _numbered(unit: str, numbers: list[int]) -> str:
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{unit}s {numbers[0]} to {numbers[-1]}"
    return f"{unit}{'s' if len(numbers) > 1 else ''} {join_words(list(map(str, numbers)))}"


def _even_step(numbers: list[int], size: int) -> int | None:
    """Return the step of numbers that start at 0 and go evenly round a circle of `size`."""
    if len(numbers) < 2:
        return None
    step = numbers[1]
    return step if numbers == list(range(0, size, step)) and size % step == 0 else None


def _days(fields: CronFields) -> str:
    chosen, all_months = fields.days, fields.months == _ALL_MONTHS
    by_month, by_week = _by_month(chosen), _by_week(chosen)
    months = "" if all_months else _runs(members(fields.months), lambda month: MONTHS[month - 1], 3)
    if fields.either:
        return f"{by_month} or {by_week}" + (f", {_within(months)}" if months else "")
    if by_month and by_week:
        by_month, by_week = f"{by_month} if that is {_singular(chosen)}", ""
    dated = by_month or (by_week if _dated(chosen) else "")
    if dated:
        return dated.replace("of the month", f"of {months}") if months else dated
    if not months:
        return by_week
    return f"{by_week or 'every day'}{',' if by_week.startswith('from ') else ''} {_within(months)}"


def _within(months: str) -> str:
    return months if months.startswith("from ") else f"in {months}"


def _dated(chosen: Selectors) -> bool:
    return bool((chosen.nth or chosen.last) and not chosen.of_week)


def _by_month(chosen: Selectors) -> str:
    """Say the days of the month; "" for all."""
    if chosen.of_month == ALL_DAYS:
        return ""
    said = []
    days = members(chosen.of_month)
    step = days[1] - days[0] if len(days) > 4 else 0
    if step > 1 and days == list(range(days[0], 32, step)):
        said.append(f"on every {ordinal(step)} day of the month from the {ordinal(days[0])}")
    elif days:
        said.append(_on(_runs(days, lambda day: f"the {ordinal(day)}", 3)))
    said += [f"on the weekday nearest to the {ordinal(day)}" for day in chosen.nearest]
    said += [
        f"on the {ordinal(back)} day before the last" if back else "on the last day"
        for back in chosen.from_last
    ]
    said += ["on the last weekday"] if chosen.last_weekday else []
    joined = join_words(said)
    return joined if "of the month" in joined or not joined else f"{joined} of the month"


def _by_week(chosen: Selectors) -> str:
    """Say the days of the week; "" for all."""
    if chosen.of_week == ALL_WEEK:
        return ""
    said = []
    days = members(chosen.of_week)
    if days == [0, 1, 2, 3, 4]:
        said.append("on weekdays")
    elif days:
        runs = _runs(days, lambda day: WEEKDAYS[day], 3)
        said.append(
            runs if runs.startswith("from ") else f"on {join_words([f'{WEEKDAYS[day]}s' for day in days])}"
        )
    said += [f"on {one}" for one in _nth_days(chosen)]
    return join_words(said)


def _nth_days(chosen: Selectors) -> list[str]:
    nth = [f"the {nth_word(n)} {WEEKDAYS[day]} of the month" for day, n in chosen.nth]
    return nth + [f"the last {WEEKDAYS[day]} of the month" for day in chosen.last]


def _singular(chosen: Selectors) -> str:
    days = members(chosen.of_week)
    named = ["a weekday"] if days == [0, 1, 2, 3, 4] else [f"a {WEEKDAYS[day]}" for day in days]
    return join_words(named + _nth_days(chosen), "or")


def _runs(numbers: list[int], name: Callable[[int], str], shortest: int) -> str:
    """Say numbers by name: `from a to d` when they are one run, else a list."""
    if len(numbers) >= shortest and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"from {name(numbers[0])} to {name(numbers[-1])}"
    return join_words(list(map(name, numbers)))


def _on(said: str) -> str:
    return said if said.startswith("from ") else f"on {said}"
