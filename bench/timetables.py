"""How fast timetables answer, beside cronsim and croniter, in one run.

    python bench/timetables.py            a table
    python bench/timetables.py --json     the same as JSON

Microseconds, the best of several rounds. "next": 50 successive occurrences of each of 200 lines.
The lines mix minutes, hours, days, weeks, months and years, as crontabs do.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from rota.core.timetables import Timetable, cron
from rota.core.timetables import cron as cron_function
from rota.core.timetables import fields as fields_module

START = datetime(2026, 3, 1, tzinfo=UTC)
EACH = 50
ZONES = ("UTC", "America/New_York")
SHORT = ["* * * * *", *(f"*/{n} * * * *" for n in (2, 5, 7, 10, 15, 20, 30)), "0 * * * *"]
LONG = [*(f"0 */{n} * * *" for n in (2, 3, 4, 6, 8, 12)), "0 0 * * *", "0 12 * * *", "0 0 1 * *", "0 0 1 1 *"]


def corpus() -> list[str]:
    """Return 200 lines."""
    lines = [*SHORT, *LONG, "0 0 * * 0", "0 0 * * 1-5"]
    for i in range(20):
        lines += [
            f"{i * 3} {i * 5 % 24} * * *",
            f"{i * 7 % 60} {i * 3 % 24} * * {i % 7}",
            f"{i * 11 % 60} {i * 7 % 24} {1 + i * 4 % 28} * *",
            f"{i * 13 % 60} {i * 2 % 24} {1 + i} {1 + i % 12} *",
            f"*/{2 + i} {i % 8}-{12 + i % 8} * * *",
            f"{i},{i + 15},{i + 30} */{1 + i % 6} * * 1-5",
            f"{i * 17 % 60} {8 + i % 10} 1-7 */{1 + i % 4} *",
            f"0 {i % 24} {1 + i},{20 + i % 8} * *",
            f"{i} 2,3 * {1 + i % 3},{10 + i % 3} *",
        ]
    return lines[:200]


def best(work: Callable[[], object], operations: int, rounds: int) -> float:
    """Return the microseconds of one operation, in the fastest round."""
    fastest = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - begin)
    return fastest / operations * 1e6


def walk(timetable: Timetable) -> None:
    due: datetime | None = START
    for _ in range(EACH):
        assert due is not None
        due = timetable.next_after(due)


def walk_cronsim(line: str, zone: ZoneInfo) -> None:
    steps = CronSim(line, START.astimezone(zone))
    for _ in range(EACH):
        next(steps)


def walk_croniter(line: str, zone: ZoneInfo) -> None:
    steps = croniter(line, START.astimezone(zone))
    for _ in range(EACH):
        steps.get_next(datetime)


def measure_next(lines: list[str], name: str) -> dict[str, float]:
    zone, operations = ZoneInfo(name), len(lines) * EACH
    timetables = [cron(line, name) for line in lines]
    return {
        "rota": best(lambda: [walk(timetable) for timetable in timetables], operations, 5),
        "cronsim": best(lambda: [walk_cronsim(line, zone) for line in lines], operations, 2),
        "croniter": best(lambda: [walk_croniter(line, zone) for line in lines], operations, 1),
    }


def forget() -> None:
    """Empty what parsing remembers."""
    module = sys.modules[cron_function.__module__]
    module._checked_fields.cache_clear()
    for remembered in (fields_module._numbers, fields_module._day_of_month, fields_module._day_of_week):
        remembered.cache_clear()


def parse_afresh(lines: list[str]) -> None:
    for line in lines:
        forget()
        cron(line)


def measure_parse(lines: list[str]) -> dict[str, float]:
    forgetting = best(lambda: [forget() for _ in lines], len(lines), 5)
    return {
        "rota": best(lambda: (forget(), [cron(line) for line in lines]), len(lines), 5),
        "rota, nothing remembered": best(lambda: parse_afresh(lines), len(lines), 5) - forgetting,
        "rota, a line seen before": best(lambda: [cron(line) for line in lines], len(lines), 5),
        "cronsim": best(lambda: [CronSim(line, START) for line in lines], len(lines), 5),
        "croniter": best(lambda: [croniter(line, START) for line in lines], len(lines), 3),
    }


def measure_count() -> dict[str, float]:
    minutely, month = cron("* * * * *", "America/New_York"), timedelta(days=30)
    assert minutely.count(START, START + month) == 43_200
    return {"rota": best(lambda: [minutely.count(START, START + month) for _ in range(100)], 100, 5)}


def main() -> None:
    lines = corpus()
    results = {f"next, {zone}": measure_next(lines, zone) for zone in ZONES}
    results["parse"] = measure_parse(lines)
    results["count of 43,200"] = measure_count()
    if "--json" in sys.argv:
        print(json.dumps(results, indent=2))
        return
    print(f"{'':24}{'':28}{'us':>8}  {'times rota':>10}")
    for what, rows in results.items():
        for who, took in rows.items():
            print(f"{what:24}{who:28}{took:8.2f}  {took / rows['rota']:10.1f}")


if __name__ == "__main__":
    main()
