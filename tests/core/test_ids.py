"""Ids: every node computes the same one, and they sort by time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.core.ids import (
    from_us,
    keyed_id,
    occurrence_id,
    record_id,
    schedule_id,
    spread,
    time_id,
    time_ids,
    to_us,
)

DUE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
random_bits = st.integers(0, 2**80)


def milliseconds(run_id: str) -> int:
    return UUID(run_id).int >> 80


@given(instants)
def test_an_instant_survives_as_microseconds(instant):
    assert from_us(to_us(instant)) == instant


@pytest.mark.parametrize(
    ("instant", "microseconds"),
    [
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), 0, id="the epoch"),
        pytest.param(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), 1_000_005, id="just after"),
        pytest.param(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), -1_000_000, id="before it"),
        pytest.param(DUE, 1_772_416_800_000_000, id="today"),
    ],
)
def test_microseconds_count_from_1970(instant, microseconds):
    assert to_us(instant) == microseconds


def test_the_id_of_an_occurrence_never_changes_between_releases():
    # Stored rows and messages in flight hold it: another value would make every occurrence fire again.
    assert occurrence_id("s-1", DUE) == "019cac46-1500-8c64-bfcd-da56806ee187"
    assert record_id("s-1", DUE, "missed") == "019cac46-1500-8e26-928a-6b48824291a4"
    assert keyed_id("shop", "order-7") == "00000000-0000-8da2-8b2a-4ee34c6a9efd"


@pytest.mark.parametrize(
    ("made", "version"),
    [
        pytest.param(occurrence_id("s-1", DUE), 8, id="occurrence"),
        pytest.param(record_id("s-1", DUE, "missed"), 8, id="record"),
        pytest.param(keyed_id("shop", "order-7"), 8, id="key"),
        pytest.param(schedule_id("shop", "reports.nightly", DUE), 8, id="schedule"),
        pytest.param(time_id(DUE, 2**74 - 1), 7, id="time"),
    ],
)
def test_every_id_is_a_uuid_in_its_usual_spelling(made, version):
    assert str(UUID(made)) == made
    assert (UUID(made).version, UUID(made).variant) == (version, RFC_4122)


@given(instants, st.timedeltas(timedelta(milliseconds=1), timedelta(days=3650)), random_bits, random_bits)
def test_ids_sort_by_time(instant, later, some_bits, other_bits):
    assert occurrence_id("s-1", instant) < occurrence_id("s-2", instant + later)
    assert time_id(instant, some_bits) < time_id(instant + later, other_bits)
    assert schedule_id("shop", "b", instant) < schedule_id("shop", "a", instant + later)


@given(instants)
def test_an_id_begins_with_its_instant_in_milliseconds(instant):
    expected = to_us(instant) // 1000
    assert milliseconds(occurrence_id("s-1", instant)) == expected
    assert milliseconds(time_id(instant, 0)) == expected


def test_every_occurrence_and_every_record_has_an_id_of_its_own():
    made = [occurrence_id(one, DUE + k * SECOND) for one in ("s-1", "s-2") for k in range(500)]
    made += [record_id("s-1", DUE, kind) for kind in ("missed", "skipped")]
    made += [occurrence_id("s-1", DUE + timedelta(microseconds=1))]
    assert len(set(made)) == 1003


def test_an_idempotency_key_stands_for_one_run_in_each_rota():
    assert keyed_id("shop", "order-7") == keyed_id("shop", "order-7")
    assert len({keyed_id("shop", "order-7"), keyed_id("shop", "order-8"), keyed_id("bank", "order-7")}) == 3


def test_a_key_may_hold_any_text():
    keys = ["", "é", "e\u0301", "\0", "\ud800", "\udfff", "👩‍🚀", "x" * 100_000]
    assert len({keyed_id("shop", key) for key in keys}) == len(keys)


def test_an_instant_before_1970_still_has_an_id():
    early = datetime(1969, 7, 20, 20, 17, tzinfo=UTC)
    assert milliseconds(occurrence_id("s-1", early)) == 0
    assert occurrence_id("s-1", early) != occurrence_id("s-1", early + SECOND)


def test_time_ids_use_all_of_their_random_bits():
    drawn = random.Random(7)
    made = [UUID(time_id(DUE, drawn.getrandbits(74))).int for _ in range(200)]
    ever_set = ever_clear = 0
    for one in made:
        ever_set |= one
        ever_clear |= ~one
    assert len(set(made)) == 200
    assert (ever_set & ever_clear & (1 << 80) - 1).bit_count() == 74  # the rest is version and variant


@given(instants, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_jitter_is_the_same_for_the_same_occurrence_and_never_above_its_width(due, width):
    drawn = spread("s-1", due, width)
    assert timedelta(0) <= drawn <= width
    assert drawn == spread("s-1", due, width)
    assert drawn % timedelta(milliseconds=1) == timedelta(0)


def test_jitter_spreads_evenly_over_its_width():
    drawn = sorted(spread("s-1", DUE + k * SECOND, timedelta(seconds=100)) for k in range(1000))
    quarters = [sum(low <= one / SECOND < low + 25 for one in drawn) for low in (0, 25, 50, 75)]
    assert all(200 < quarter < 300 for quarter in quarters), quarters


@pytest.mark.parametrize("width", [timedelta(0), timedelta(microseconds=999), timedelta(seconds=-1)])
def test_no_width_is_no_jitter(width):
    assert spread("s-1", DUE, width) == timedelta(0)


@pytest.mark.parametrize("bits", [0, 2**62 - 1, 2**62, 2**74 - 1, 2**74 - 500])
def test_ids_that_are_made_together_differ_and_sort_in_the_order_they_were_asked_for(bits):
    made = time_ids(DUE, bits, 1000)
    assert made == sorted(set(made))
    assert {milliseconds(one) for one in made} == {milliseconds(time_id(DUE, bits))}
    assert {(UUID(one).version, UUID(one).variant) for one in made} == {(7, RFC_4122)}
