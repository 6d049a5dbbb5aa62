"""The strip: height is duration, shape and colour are the outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rota.core.records import BriefRun, RunState
from rota.operations.strips import success
from rota.web.ui.strip import drawn, strip

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ran(seconds=1.0, state=RunState.SUCCEEDED, **changes):
    begun = NOW - timedelta(hours=1)
    one = BriefRun(
        id=f"run-{seconds}",
        schedule_id="s",
        state=state,
        attempt=1,
        created_at=begun,
        planned_at=begun,
        started_at=begun,
        finished_at=begun + timedelta(seconds=seconds),
        count=1,
        reason=None,
    )
    return replace(one, **changes)


def top_of(bar):
    return int(bar.path.split("V")[1].split("H")[0])


def test_the_latest_run_is_at_the_right_end_and_the_longest_is_the_highest():
    one = strip([ran(1), ran(100), ran(25)], NOW)
    assert [bar.run_id for bar in one.bars] == ["run-1", "run-100", "run-25"]
    assert one.bars[-1].x + one.pitch == one.width
    tops = [top_of(bar) for bar in one.bars]
    assert tops[1] == 0 < tops[2] < tops[0] < one.tall


def test_only_the_last_are_drawn():
    one = strip([ran(number) for number in range(1, 80)], NOW)
    assert [bar.run_id for bar in one.bars] == [f"run-{number}" for number in range(20, 80)]
    assert one.bars[0].x == 0


def test_every_outcome_has_a_shape_of_its_own():
    unstarted = {"started_at": None, "finished_at": None, "attempt": 0}
    runs = {
        "succeeded": ran(),
        "failed": ran(state=RunState.FAILED),
        "running": ran(state=RunState.RUNNING, finished_at=None),
        "retrying": ran(state=RunState.PENDING),
        "cancelled": ran(state=RunState.CANCELLED),
        "pending": ran(state=RunState.PENDING, **unstarted),
        "skipped": ran(state=RunState.SKIPPED, **unstarted),
        "missed": ran(state=RunState.MISSED, **unstarted),
    }
    drawn = {word: strip([run], NOW, count=1).bars[0] for word, run in runs.items()}
    assert {word: bar.word for word, bar in drawn.items()} == {word: word for word in runs}
    shapes = {bar.path for word, bar in drawn.items() if word != "retrying"}
    assert len(shapes) == len(runs) - 1


def test_it_says_in_words_what_it_shows():
    runs = [ran(), ran(state=RunState.FAILED), ran(), ran(state=RunState.MISSED, count=3, started_at=None)]
    one = strip(runs, NOW, zone="Europe/Paris")
    assert one.words == "Last 4 runs: 2 succeeded, 1 failed and 1 missed"
    assert one.bars[3].label == ("missed, 3 times, Mon 02 Mar 12:00 +0100")
    assert strip([], NOW).words == "No runs yet"
    assert strip([ran()], NOW).words == "Last run: succeeded"


@pytest.mark.parametrize(
    ("runs", "part"),
    [
        pytest.param([], None, id="none"),
        pytest.param([ran(state=RunState.SKIPPED)], None, id="skipped on purpose"),
        pytest.param([ran(), ran(state=RunState.FAILED)], 0.5, id="one of two"),
        pytest.param([ran(), ran(state=RunState.MISSED, count=3)], 0.25, id="missed thrice"),
        pytest.param([ran(), ran(state=RunState.CANCELLED)], 1.0, id="cancelled on purpose"),
    ],
)
def test_success_counts_what_was_to_run_and_did_or_did_not(runs, part):
    assert success(runs) == part


def test_every_bar_is_a_link_to_its_run_that_is_no_stop_for_the_keyboard():
    one = strip([ran(), replace(ran(2, state=RunState.FAILED), id='"><img>')], NOW)
    text = drawn(one, lambda run_id: f"/runs/{run_id}")
    assert text.count('<a href="/runs/') == text.count('tabindex="-1"') == 2
    assert "<img" not in text
    assert "<a " not in drawn(one, lambda run_id: None)
