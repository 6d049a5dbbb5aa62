"""The numbers and charts of a schedule: how long its runs took, and how late they began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rota import every
from rota.core.records import BriefRun, RunState
from rota.operations.strips import JUDGED, half_and_most
from rota.web.ui.plots import DRAWN, judged

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def run(number, state=RunState.SUCCEEDED, *, age, took=1.0, late=0.5, attempt=1):
    due = NOW - age
    begun = due + timedelta(seconds=late)
    return BriefRun(
        id=str(number), schedule_id="s", state=state, attempt=attempt, created_at=due, planned_at=due,
        started_at=begun, finished_at=begun + timedelta(seconds=took), count=1, reason=None,
    )  # fmt: skip


def test_the_numbers_are_of_the_last_30_days():
    old = [run(n, RunState.FAILED, age=timedelta(days=31)) for n in range(5)]
    new = [run(n, age=timedelta(days=29), took=float(n)) for n in range(1, 101)]
    found = judged([*old, *new], NOW)
    assert (found.count, found.success, found.begin) == (100, 1.0, None)
    assert found.took == (timedelta(seconds=50), timedelta(seconds=95))
    assert found.late == (timedelta(seconds=0.5), timedelta(seconds=0.5))


def test_the_numbers_say_when_they_are_of_fewer_days():
    found = judged([run(n, age=timedelta(minutes=JUDGED - n)) for n in range(JUDGED)], NOW)
    assert found.begin == NOW - timedelta(minutes=JUDGED)
    assert [one.id for one in found.drawn] == [str(n) for n in range(JUDGED - DRAWN, JUDGED)]


def test_of_a_retried_run_it_is_not_known_how_late_it_began():
    found = judged([run(1, age=timedelta(hours=1), late=900.0, attempt=2)], NOW)
    assert found.late is None
    assert found.took == (timedelta(seconds=1), timedelta(seconds=1))


@pytest.mark.parametrize(
    ("spans", "found"),
    [([], None), ([None], None), ([3], (3, 3)), ([1, 2], (1, 2)), ([*range(1, 21), None], (10, 19))],
)
def test_half_and_most(spans, found):
    wanted = found and tuple(timedelta(seconds=one) for one in found)
    assert half_and_most(one if one is None else timedelta(seconds=one) for one in spans) == wanted


def test_each_run_is_a_row_with_the_seconds_that_are_drawn(shop, ann):
    shop.start_node()
    shop.advance(timedelta(hours=6, minutes=30))
    page = ann.get("/schedules/often")
    rows = [attrs for attrs in page.all("tr") if "data-at" in attrs]
    assert [row["data-at"] for row in rows] == [f"2026-03-02T0{hour}:00:00Z" for hour in range(6, 0, -1)]
    assert {row["data-took"] for row in rows} == {"60.000"}
    assert {row["data-late"] for row in rows} == {"0.000"}
    assert [row["data-kind"] for row in rows].count("bad") == 2
    assert [one["data-plot"] for one in page.all("div", class_="plot")] == ["took", "late"]
    for words in ("half within 60 s", "on time", "of 6 runs"):
        assert words.replace("60 s", "1 min") in page.text


def test_a_schedule_that_has_never_run_has_no_charts(shop, ann):
    page = ann.get("/schedules/nightly")
    assert not page.all("div", class_="plot")
    assert "not known yet" in page.text


def test_the_list_says_how_long_runs_take(shop, ann):
    shop.declare("slow", every("2h"), takes=timedelta(minutes=10))
    shop.rota.sync()
    shop.start_node()
    shop.advance(timedelta(hours=6, minutes=30))
    page = ann.get("/schedules", text="slow")
    assert "10 min 95%: 10 min" in page.text
