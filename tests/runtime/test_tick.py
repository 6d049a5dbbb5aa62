"""Schedulers without a leader stay out of each other's way."""

from datetime import timedelta

from rota.runtime.tick import LONGEST_STAND_BACK, SHORTEST_STAND_BACK, standing_back


def test_who_finds_that_others_were_quicker_stands_back_longer_each_time_up_to_a_limit():
    waits = [timedelta(0)]
    for _ in range(8):
        waits.append(standing_back(waits[-1], planned=100, applied=0))
    assert waits[1:4] == [SHORTEST_STAND_BACK, SHORTEST_STAND_BACK * 2, SHORTEST_STAND_BACK * 4]
    assert waits[-1] == LONGEST_STAND_BACK


def test_who_did_most_of_the_work_goes_on_at_once():
    assert standing_back(LONGEST_STAND_BACK, planned=100, applied=51) == timedelta(0)
    assert standing_back(LONGEST_STAND_BACK, planned=1, applied=1) == timedelta(0)
