"""The clock of a node is the store's, whatever the machine's says."""

from datetime import UTC, datetime, timedelta

from rota.errors import StoreUnavailable
from rota.runtime.clock import STALE, StoreClock

STORE = datetime(2026, 3, 2, tzinfo=UTC)


class Steady:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def test_the_store_is_asked_once_and_its_time_carried_forward():
    asked, steady = [], Steady()
    clock = StoreClock(lambda: asked.append(1) or STORE, steady)
    assert clock.now() == STORE
    steady.seconds += 90
    assert clock.now() == STORE + timedelta(seconds=90)
    assert len(asked) == 1


def test_a_store_whose_clock_was_set_back_stops_the_time_until_it_has_caught_up():
    told, steady = [STORE], Steady()
    clock = StoreClock(lambda: told[0], steady)
    steady.seconds += 60
    assert clock.now() == STORE + timedelta(seconds=0)
    steady.seconds += 60
    before = clock.now()
    told[0] = STORE - timedelta(days=365)
    clock.resync()
    assert clock.now() == before
    told[0] = before + timedelta(seconds=5)
    clock.resync()
    assert clock.now() == before + timedelta(seconds=5)


def test_a_slow_answer_makes_the_clock_late_and_never_early():
    steady = Steady()
    takes = [(100.0, 200.0), (0.0, 0.2)]  # seconds before the store reads its clock, and after
    began = steady.seconds

    def ask():
        there, back = takes.pop(0)
        steady.seconds += there
        told = STORE + timedelta(seconds=steady.seconds - began)
        steady.seconds += back
        return told

    clock = StoreClock(ask, steady)
    lateness = STORE + timedelta(seconds=steady.seconds + 300.2 - began) - clock.now()
    assert takes == []
    assert abs(lateness - timedelta(seconds=0.2)) < timedelta(milliseconds=1)


def test_a_process_without_heartbeats_asks_anew_every_few_minutes():
    steady, answers = Steady(), [STORE, STORE + timedelta(hours=1)]
    clock = StoreClock(lambda: answers.pop(0), steady)
    assert clock.now() == STORE
    steady.seconds += STALE + 1
    assert clock.now() == STORE + timedelta(hours=1)


def test_a_process_without_heartbeats_goes_on_while_the_store_is_away():
    steady, asked = Steady(), []

    def ask():
        asked.append(steady.seconds)
        if len(asked) > 1:
            raise StoreUnavailable("sqlite:///shop.db", "it is away")
        return STORE

    clock = StoreClock(ask, steady)
    clock.now()
    steady.seconds += STALE + 1
    assert [clock.now() for _ in range(3)] == [STORE + timedelta(seconds=STALE + 1)] * 3
    assert len(asked) == 2


def test_where_a_heartbeat_learns_the_time_nobody_else_asks():
    steady, asked = Steady(), []
    clock = StoreClock(lambda: asked.append(1) or STORE, steady)
    clock.resync()
    steady.seconds += 10 * STALE
    assert clock.now() == STORE + timedelta(seconds=10 * STALE)
    assert len(asked) == 1
