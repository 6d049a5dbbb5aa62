"""The configs of home-made task tables: what they mean, and how wrong ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rota.errors import InvalidValue
from rota.integrations.django.compat.configs import (
    InvalidTaskConfig,
    ScheduledTaskConfig,
    config_of,
    path_of,
    timetable_of,
)

DAILY = {"schedule_type": "daily", "schedule_hour": 6, "schedule_minute": 30}


def report() -> None: ...


class Reports:
    @staticmethod
    def monthly() -> None: ...


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "after", "due"),
    [
        pytest.param(
            {"schedule_type": "minutes", "schedule_interval": 5},
            "2026-11-20 10:01",
            "2026-11-20 10:05",
            id="minutes",
        ),
        pytest.param(
            {"schedule_type": "hourly", "schedule_interval": 1},
            "2026-11-20 10:01",
            "2026-11-20 11:00",
            id="hourly",
        ),
        pytest.param(
            {"schedule_type": "hourly", "schedule_interval": 1, "schedule_minute": 15},
            "2026-11-20 10:01",
            "2026-11-20 10:15",
            id="hourly at a minute",
        ),
        pytest.param(
            {"schedule_type": "hourly", "schedule_interval": 6},
            "2026-11-20 10:01",
            "2026-11-20 11:00",
            id="hours that divide the day count from midnight, here",
        ),
        pytest.param(
            {"schedule_type": "hourly", "schedule_interval": 36},
            "1970-01-01 00:00",
            "1970-01-02 12:00",
            id="hours that do not are a beat",
        ),
        pytest.param(DAILY, "2026-11-20 10:01", "2026-11-21 05:30", id="daily in winter"),
        pytest.param(DAILY, "2026-07-20 10:01", "2026-07-21 04:30", id="daily in summer"),
        pytest.param(
            {**DAILY, "schedule_type": "weekly", "schedule_day_of_week": 0},
            "2026-11-20 10:01",
            "2026-11-23 05:30",
            id="0 is Monday",
        ),
        pytest.param(
            {**DAILY, "schedule_type": "weekly", "schedule_day_of_week": 6},
            "2026-11-20 10:01",
            "2026-11-22 05:30",
            id="6 is Sunday",
        ),
        pytest.param(
            {**DAILY, "schedule_type": "weekly", "schedule_day_of_week": 4},
            "2026-11-20 05:00",
            "2026-11-20 05:30",
            id="later on the same day of the week",
        ),
        pytest.param(
            {**DAILY, "schedule_type": "monthly", "schedule_day_of_month": 31},
            "2026-11-01 00:00",
            "2026-12-31 05:30",
            id="a month without that day is passed over",
        ),
    ],
)
def test_when_a_config_is_due(fields, after, due):
    timetable = timetable_of(ScheduledTaskConfig(func=report, **fields), "Europe/Zurich")
    assert timetable.next_after(utc(after)) == utc(due)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"schedule_type": "minutes"}, {"schedule_interval": None}),
        ({"schedule_type": "minutes", "schedule_interval": 0}, {"schedule_interval": 0}),
        ({"schedule_type": "hourly", "schedule_interval": "2"}, {"schedule_interval": "2"}),
        ({"schedule_type": "hourly", "schedule_interval": True}, {"schedule_interval": True}),
        ({"schedule_type": "yearly"}, {"schedule_type": "yearly"}),
        ({"schedule_type": ["daily"]}, {"schedule_type": ["daily"]}),
        ({"schedule_type": "daily"}, {"schedule_hour": None, "schedule_minute": None}),
        ({**DAILY, "schedule_hour": 24, "schedule_minute": -1}, {"schedule_hour": 24, "schedule_minute": -1}),
        ({**DAILY, "schedule_interval": 2}, {"schedule_interval": 2}),
        ({**DAILY, "schedule_day_of_week": 7}, {"schedule_day_of_week": 7}),
        ({**DAILY, "schedule_type": "weekly"}, {"schedule_day_of_week": None}),
        ({**DAILY, "schedule_type": "monthly", "schedule_day_of_month": 32}, {"schedule_day_of_month": 32}),
        ({**DAILY, "tag": 5}, {"tag": 5}),
        ({**DAILY, "name": ""}, {"name": ""}),
    ],
)
def test_every_field_that_can_not_be_used_is_named_with_its_value(fields, refused):
    with pytest.raises(InvalidTaskConfig) as caught:
        ScheduledTaskConfig(func=report, **fields)
    assert {one.field: one.value for one in caught.value.problems} == refused
    assert caught.value.func == path_of(report)
    assert all(f"{field}: {value!r} is refused" in str(caught.value) for field, value in refused.items())


@pytest.mark.parametrize("func", [None, "reports.tasks.report", lambda: None])
def test_a_function_that_no_other_process_finds_is_refused(func):
    with pytest.raises(InvalidTaskConfig) as caught:
        ScheduledTaskConfig(func=func, **DAILY)
    assert [one.field for one in caught.value.problems] == ["func"]


def test_an_entry_may_be_a_dictionary():
    config = config_of({"func": Reports.monthly, **DAILY})
    assert config == ScheduledTaskConfig(func=Reports.monthly, **DAILY)
    assert config.path.endswith("test_compat_configs.Reports.monthly")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"func": report, "schedule_typ": "daily"}, "Did you mean 'schedule_type'?"),
        ({"func": report}, "schedule_type: None is refused; it is required"),
        ({**DAILY}, "func: None is refused; it is required"),
    ],
)
def test_a_dictionary_with_other_fields_is_refused(entry, told):
    with pytest.raises(InvalidTaskConfig, match="the scheduled task") as caught:
        config_of(entry)
    assert told in str(caught.value)


def test_an_entry_that_is_something_else_is_refused():
    with pytest.raises(InvalidValue, match="a ScheduledTaskConfig or a dictionary"):
        config_of(report)
