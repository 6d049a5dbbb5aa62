"""Policies: what they accept, what they refuse, and what they answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.core.policies import (
    Backoff,
    CatchUp,
    CatchUpRule,
    Concurrency,
    Growth,
    Overlap,
    Retention,
    Retry,
    RunPolicy,
    TimeLimit,
    choice,
    duration,
)
from rota.errors import InvalidPolicy, RotaError

MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TEN_YEARS = timedelta(days=3650)


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (CatchUp, {"window": timedelta(0)}, "catch_up.window"),
        (CatchUp, {"window": -DAY}, "catch_up.window"),
        (CatchUp, {"window": TEN_YEARS + MS}, "catch_up.window"),
        (CatchUp, {"grace": -MS}, "catch_up.grace"),
        (Backoff, {"first": -MS}, "backoff.first"),
        (Backoff, {"ceiling": -MS}, "backoff.ceiling"),
        (Backoff, {"factor": 0.99}, "backoff.factor"),
        (Backoff, {"factor": 100.1}, "backoff.factor"),
        (Backoff, {"factor": float("nan")}, "backoff.factor"),
        (Backoff, {"factor": float("inf")}, "backoff.factor"),
        (Backoff, {"jitter": -0.1}, "backoff.jitter"),
        (Backoff, {"jitter": 1.1}, "backoff.jitter"),
        (Backoff, {"jitter": float("nan")}, "backoff.jitter"),
        (Retry, {"attempts": 0}, "retries"),
        (Retry, {"attempts": -1}, "retries"),
        (Retry, {"attempts": 1001}, "retries"),
        (TimeLimit, {"soft": timedelta(0)}, "time_limit"),
        (TimeLimit, {"hard": -SECOND}, "hard_time_limit"),
        (TimeLimit, {"soft": MINUTE, "hard": MINUTE}, "hard_time_limit"),
        (TimeLimit, {"soft": MINUTE, "hard": SECOND}, "hard_time_limit"),
        (Concurrency, {"key": ""}, "concurrency.key"),
        (Concurrency, {"key": "x" * 201}, "concurrency.key"),
        (Concurrency, {"key": "mail", "limit": 0}, "concurrency.limit"),
        (Concurrency, {"key": "mail", "limit": 10_001}, "concurrency.limit"),
        (Retention, {"age": timedelta(0)}, "retention.age"),
        (Retention, {"keep": -1}, "retention.keep"),
        (Retention, {"keep": 10_001}, "retention.keep"),
        (RunPolicy, {"start_deadline": timedelta(0)}, "start_deadline"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_field(kind, values, field):
    with pytest.raises(InvalidPolicy) as refused:
        kind(**values)
    assert refused.value.field == field
    assert isinstance(refused.value, RotaError)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (CatchUp, {"window": timedelta(microseconds=1), "grace": timedelta(0)}),
        (CatchUp, {"window": TEN_YEARS, "grace": TEN_YEARS}),
        (Backoff, {"first": timedelta(0), "ceiling": timedelta(0), "factor": 1.0, "jitter": 0.0}),
        (Backoff, {"first": TEN_YEARS, "ceiling": TEN_YEARS, "factor": 100.0, "jitter": 1.0}),
        (Retry, {"attempts": 1}),
        (Retry, {"attempts": 1000}),
        (TimeLimit, {"soft": MS, "hard": 2 * MS}),
        (TimeLimit, {"hard": MS}),
        (Concurrency, {"key": "x" * 200, "limit": 10_000}),
        (Retention, {"age": SECOND, "keep": 0}),
        (Retention, {"keep": 10_000}),
        (RunPolicy, {"start_deadline": MS}),
    ],
)
def test_the_ends_of_each_range_are_accepted(kind, values):
    assert kind(**values) == kind(**values)


def test_the_defaults_are_those_of_the_design():
    assert CatchUp() == CatchUp(CatchUpRule.LATEST, window=DAY)
    assert Retry().attempts == 1
    assert Retention() == Retention(age=30 * DAY, keep=10)
    assert RunPolicy().start_deadline is None
    assert [str(rule) for rule in CatchUpRule] == ["latest", "all", "none", "ask"]
    assert [str(rule) for rule in Overlap] == ["skip", "queue_one", "queue_all", "allow", "cancel_running"]


def test_a_catch_up_policy_may_be_named_by_its_rule():
    assert CatchUp.of("all") == CatchUp(CatchUpRule.ALL)
    given_one = CatchUp(CatchUpRule.NONE, window=HOUR)
    assert CatchUp.of(given_one) is given_one


def test_a_rule_that_does_not_exist_is_refused_with_the_choices():
    with pytest.raises(InvalidPolicy, match="'latest', 'all', 'none', 'ask'") as refused:
        CatchUp.of("newest")
    assert (refused.value.field, refused.value.value) == ("catch_up", "newest")
    with pytest.raises(InvalidPolicy, match="'queue_one'"):
        choice("overlap", "queue", Overlap)


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90 * SECOND), ("25m", 25 * MINUTE), ("1h30m", 90 * MINUTE), ("1d", DAY), (HOUR, HOUR)],
)
def test_a_duration_may_be_written(text, length):
    assert duration("time_limit", text) == length


@pytest.mark.parametrize("text", ["", "soon", "10", "-5m", "5 parsecs", "١٠s", 5, None, b"5m", True])
def test_what_is_no_duration_is_refused_with_its_field(text):
    with pytest.raises(InvalidPolicy) as refused:
        duration("time_limit", text)
    assert (refused.value.field, refused.value.value) == ("time_limit", text)


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        pytest.param(Backoff(Growth.FIXED, 5 * SECOND, jitter=0), [5, 5, 5, 5], id="fixed"),
        pytest.param(Backoff(Growth.LINEAR, 5 * SECOND, jitter=0), [5, 10, 15, 20], id="linear"),
        pytest.param(Backoff(Growth.EXPONENTIAL, 10 * SECOND, jitter=0), [10, 20, 40, 80], id="doubling"),
        pytest.param(Backoff(first=SECOND, factor=10.0, jitter=0), [1, 10, 100, 1000], id="tenfold"),
        pytest.param(
            Backoff(first=10 * SECOND, ceiling=25 * SECOND, jitter=0),
            [10, 20, 25, 25],
            id="exponential, capped",
        ),
        pytest.param(
            Backoff(Growth.LINEAR, 10 * SECOND, ceiling=25 * SECOND, jitter=0),
            [10, 20, 25, 25],
            id="linear, capped",
        ),
        pytest.param(
            Backoff(Growth.FIXED, MINUTE, ceiling=SECOND, jitter=0),
            [1, 1, 1, 1],
            id="fixed, above its ceiling",
        ),
        pytest.param(Backoff(first=timedelta(0), jitter=0), [0, 0, 0, 0], id="no wait at all"),
    ],
)
def test_the_wait_grows_from_retry_to_retry(backoff, waits):
    assert [backoff.wait(retry, 0.0) / SECOND for retry in (1, 2, 3, 4)] == waits


@given(
    st.builds(
        Backoff,
        st.sampled_from(Growth),
        first=st.timedeltas(timedelta(0), TEN_YEARS),
        factor=st.floats(1.0, 100.0),
        ceiling=st.timedeltas(timedelta(0), TEN_YEARS),
        jitter=st.floats(0.0, 1.0),
    ),
    st.integers(1, 1000),
    st.floats(0.0, 1.0, exclude_max=True),
)
def test_a_wait_is_within_its_jitter_and_never_above_its_ceiling(backoff, retry, chance):
    longest = backoff.wait(retry, 0.0)
    wait = backoff.wait(retry, chance)
    assert timedelta(0) <= wait <= longest <= backoff.ceiling
    assert wait >= longest * (1.0 - backoff.jitter) - timedelta(microseconds=1)
    assert backoff.wait(retry + 1, 0.0) >= longest


@pytest.mark.parametrize(
    ("value", "backoff"),
    [
        pytest.param("linear", Backoff(Growth.LINEAR), id="a growth"),
        pytest.param("30s", Backoff(Growth.FIXED, 30 * SECOND, jitter=0.0), id="a fixed wait"),
        pytest.param(MINUTE, Backoff(Growth.FIXED, MINUTE, jitter=0.0), id="a timedelta"),
        pytest.param("2h", Backoff(Growth.FIXED, 2 * HOUR, ceiling=2 * HOUR, jitter=0.0), id="a long one"),
        pytest.param(Backoff(first=HOUR), Backoff(first=HOUR), id="itself"),
    ],
)
def test_a_backoff_may_be_written_short(value, backoff):
    assert Backoff.of(value) == backoff


def test_a_backoff_that_is_neither_a_growth_nor_a_wait_is_refused():
    with pytest.raises(InvalidPolicy, match="backoff"):
        Backoff.of("quadratic")


TIMEOUT = ("Timeout", "requests.exceptions.Timeout", "OSError", "Exception")


@pytest.mark.parametrize(
    ("retry", "wanted"),
    [
        pytest.param(Retry(), True, id="every error by default"),
        pytest.param(Retry(retry_on=("Timeout",)), True, id="by its name"),
        pytest.param(Retry(retry_on=("requests.exceptions.Timeout",)), True, id="by its dotted name"),
        pytest.param(Retry(retry_on=("OSError",)), True, id="by a base"),
        pytest.param(Retry(retry_on=("KeyError", "OSError")), True, id="by one of several"),
        pytest.param(Retry(retry_on=("KeyError",)), False, id="not named"),
        pytest.param(Retry(retry_on=("exceptions.Timeout",)), False, id="half a name is no name"),
        pytest.param(Retry(give_up_on=("KeyError",)), True, id="another one is given up"),
        pytest.param(Retry(give_up_on=("OSError",)), False, id="given up by a base"),
        pytest.param(Retry(retry_on=("Timeout",), give_up_on=("OSError",)), False, id="giving up wins"),
    ],
)
def test_which_errors_are_retried(retry, wanted):
    assert retry.wants(TIMEOUT) is wanted
