"""The clock of a node is the store's, whatever the machine's says."""

from datetime import UTC, datetime, timedelta

from rota.runtime.clock import StoreClock

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
