"""Admission: which pending runs may start beside those that are running."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.core.admission import Candidate, Load, admit

IDLE = Load({}, {})


def free(run_id: str) -> Candidate:
    return Candidate(run_id, None, None, 1)


def serial(run_id: str, schedule: str) -> Candidate:
    return Candidate(run_id, schedule, None, 1)


def in_lane(run_id: str, lane: str, limit: int, schedule: str | None = None) -> Candidate:
    return Candidate(run_id, schedule, lane, limit)


MAIL = [in_lane("a", "mail", 2), in_lane("b", "mail", 2), in_lane("c", "mail", 2)]


@pytest.mark.parametrize(
    ("candidates", "load", "limit", "admitted"),
    [
        pytest.param([], IDLE, 5, [], id="nothing waits"),
        pytest.param([free("b"), free("a")], IDLE, 5, ["b", "a"], id="in the order given"),
        pytest.param([free("a"), free("b")], IDLE, 1, ["a"], id="at most the limit"),
        pytest.param([free("a")], IDLE, 0, [], id="no room at all"),
        pytest.param([serial("a", "s"), serial("b", "s")], IDLE, 5, ["a"], id="one at a time of a schedule"),
        pytest.param([serial("a", "s"), serial("b", "t")], IDLE, 5, ["a", "b"], id="schedules are apart"),
        pytest.param([serial("a", "s")], Load({"s": 1}, {}), 5, [], id="one of it is running already"),
        pytest.param(MAIL, IDLE, 5, ["a", "b"], id="as many as the lane holds"),
        pytest.param(MAIL, Load({}, {"mail": 1}), 5, ["a"], id="the lane is half full"),
        pytest.param(MAIL, Load({}, {"mail": 2}), 5, [], id="the lane is full"),
        pytest.param(MAIL, Load({}, {"mail": 9}), 5, [], id="the limit was lowered since"),
        pytest.param([*MAIL, free("d")], Load({}, {"mail": 2}), 1, ["d"], id="a full lane holds up no other"),
        pytest.param(
            [in_lane("a", "mail", 1), in_lane("b", "mail", 3)],
            IDLE,
            5,
            ["a", "b"],
            id="each with its own limit",
        ),
        pytest.param(
            [in_lane("a", "mail", 5, "s"), in_lane("b", "mail", 5, "s")],
            IDLE,
            5,
            ["a"],
            id="both rules count",
        ),
        pytest.param(
            [in_lane("a", "mail", 1, "s"), serial("b", "s")],
            Load({}, {"mail": 1}),
            5,
            ["b"],
            id="a refused one takes no place",
        ),
    ],
)
def test_admit(candidates, load, limit, admitted):
    assert admit(candidates, load, limit) == admitted


names = st.sampled_from(["x", "y", "z"])
candidates_drawn = st.lists(
    st.builds(Candidate, st.uuids().map(str), st.none() | names, st.none() | names, st.integers(1, 3)),
    unique_by=lambda one: one.run_id,
    max_size=15,
)
loads = st.builds(Load, st.dictionaries(names, st.integers(0, 2)), st.dictionaries(names, st.integers(0, 4)))


@given(candidates_drawn, loads, st.integers(0, 10))
def test_what_is_admitted_keeps_every_limit_and_what_is_left_out_would_break_one(candidates, load, limit):
    admitted = admit(candidates, load, limit)

    schedules, lanes, taken = Counter(load.by_schedule), Counter(load.by_lane), []
    for one in candidates:
        fits = not (one.serial_key and schedules[one.serial_key]) and not (
            one.lane and lanes[one.lane] >= one.lane_limit
        )
        if one.run_id in admitted:
            assert fits
            taken.append(one.run_id)
            schedules[one.serial_key] += 1
            lanes[one.lane] += 1
        else:
            assert not fits or len(taken) == limit
    assert taken == admitted
    assert len(admitted) <= limit


@given(candidates_drawn, loads)
def test_more_room_only_adds(candidates, load):
    everything = admit(candidates, load, 100)
    for limit in range(len(everything)):
        assert admit(candidates, load, limit) == everything[:limit]
