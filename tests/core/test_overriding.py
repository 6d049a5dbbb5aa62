"""Overrides: JSON in, a definition out, for each field an operator may change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from rota.core.changes import effective, paused, redefined, resumed, retired
from rota.core.overriding import FIELDS, value_of, with_value
from rota.core.policies import Backoff, CatchUp, CatchUpRule, Concurrency, Growth, Overlap, TimeLimit
from rota.core.reconcile import differences, new_schedule
from rota.core.records import Definition, Override, ScheduleState, Source
from rota.errors import InvalidValue

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = Definition(task="purge", timetable="cron 0 * * * * in UTC")


def override(field: str, value: object) -> Override:
    return Override(field=field, value=value, author="ann", reason="", created_at=NOW)


@pytest.mark.parametrize("field", FIELDS)
def test_what_is_written_is_read_back(field):
    written = json.loads(json.dumps(value_of(PLAIN, field)))
    assert with_value(PLAIN, field, written) == PLAIN


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("overlap", "queue_one", "overlap", Overlap.QUEUE_ONE),
        ("catch_up", "all", "catch_up", CatchUp(CatchUpRule.ALL)),
        (
            "catch_up",
            {"rule": "all", "window": "2d"},
            "catch_up",
            CatchUp(CatchUpRule.ALL, timedelta(days=2)),
        ),
        ("concurrency", ["mail", 3], "concurrency", Concurrency("mail", 3)),
        ("concurrency", "mail", "concurrency", Concurrency("mail", 1)),
        ("start", "2026-01-01T01:00:00+01:00", "start", datetime(2026, 1, 1, tzinfo=UTC)),
        ("end", None, "end", None),
        ("jitter", "90s", "jitter", timedelta(seconds=90)),
        ("jitter", "0.5s", "jitter", timedelta(seconds=0.5)),
        ("tags", ["a", "b"], "tags", ("a", "b")),
        ("max_runs", 3, "max_runs", 3),
    ],
)
def test_a_value_becomes_that_of_the_field(field, value, attribute, expected):
    assert getattr(with_value(PLAIN, field, value), attribute) == expected


def test_parts_of_the_run_policy_are_changed_alone():
    changed = with_value(with_value(PLAIN, "retries", 4), "time_limit", "25m")
    assert changed.policy.retry.attempts == 5
    assert changed.policy.time_limit == TimeLimit(timedelta(minutes=25))
    assert with_value(changed, "time_limit", None).policy.retry.attempts == 5
    backoff = with_value(changed, "backoff", {"growth": "linear", "first": "5s"}).policy.retry.backoff
    assert backoff == Backoff(Growth.LINEAR, timedelta(seconds=5))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("overlap", "sometimes"),
        ("max_runs", 0),
        ("max_runs", True),
        ("max_runs", "3"),
        ("retries", -1),
        ("retries", 1000),
        ("priority", "high"),
        ("tags", "one"),
        ("args", [1]),
        ("start", "2026-01-01T00:00:00"),
        ("start", "soon"),
        ("concurrency", ["mail", "3"]),
        ("concurrency", 3),
        ("catch_up", {"rule": "all", "widow": "1d"}),
        ("backoff", {"factor": "two"}),
        ("time_limit", "long"),
        ("on_crash", "shrug"),
    ],
)
def test_a_value_that_can_not_be_used_is_refused(field, value):
    with pytest.raises(InvalidValue) as refused:
        with_value(PLAIN, field, value)
    assert field in str(refused.value)


def test_an_unknown_field_is_refused_with_the_nearest():
    with pytest.raises(InvalidValue, match="Did you mean 'priority'"):
        with_value(PLAIN, "priorty", 1)


def test_overrides_are_laid_over_what_is_declared():
    assert effective(PLAIN, [override("overlap", "allow"), override("priority", 7)]) == with_value(
        with_value(PLAIN, "overlap", "allow"), "priority", 7
    )


def test_an_override_that_no_longer_fits_quarantines_its_schedule_alone():
    schedule = new_schedule("shop", "purge", PLAIN, Source.CODE, NOW)
    limited = with_value(PLAIN, "hard_time_limit", "1m")
    after = redefined(schedule, NOW, declared=limited, overrides=[override("time_limit", "5m")]).after
    assert after.state is ScheduleState.QUARANTINED
    assert "hard_time_limit" in (after.quarantine or "")
    assert after.next_due is None
    assert after.overrides


@pytest.mark.parametrize(
    "change", [lambda one: redefined(one, NOW, overrides=()), lambda one: resumed(one, NOW)]
)
def test_only_the_code_brings_a_retired_schedule_back(change):
    schedule = new_schedule("shop", "purge", PLAIN, Source.CODE, NOW)
    silent = retired(paused(schedule, NOW, "ann", "").after, NOW, 2).after
    assert change(silent).after.state is ScheduleState.RETIRED
    assert change(silent).after.next_due is None
    assert redefined(silent, NOW, declared=PLAIN).after.state is ScheduleState.ACTIVE


def test_what_differs_is_said_without_secrets():
    before, after = (
        with_value(PLAIN, "args", {"password": text, "limit": 1}) for text in ("hunter2", "hunter3")
    )
    [said] = differences(before, with_value(after, "args", {"password": "hunter3", "limit": 2}))
    assert "hunter" not in said
    assert "'limit': 2" in said
