"""Schedulers without a leader: one does the work, the others stay out of its way, help it, and replace it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from rota.core.records import Definition, DueSchedule, Plan
from rota.ports import Store
from rota.runtime.events import Events
from rota.runtime.tick import LONGEST_STAND_BACK, SHORTEST_STAND_BACK, Tick, standing_back
from rota.stores import open_store
from tests.stores.contract.build import HOUR, NOW, ROTA, SECOND, declare, schedule, stored, uid

BATCH = 10


class Watched:
    """A store that counts how often schedules are read, and lets something happen after that.

    Attributes:
        locked: Ids of schedules that a stranger has locked.
    """

    def __init__(self, store: Store) -> None:
        self._store, self.reads = store, 0
        self.locked: set[str] = set()
        self.meanwhile: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def due(self, rota: str, now: datetime, limit: int, skip: int = 0) -> list[DueSchedule]:
        self.reads += 1
        found = self._store.due(rota, now, limit, skip)
        self.meanwhile()
        return found

    def record(self, plans: Sequence[Plan], now: datetime) -> list[str]:
        return self._store.record([one for one in plans if one.schedule_id not in self.locked], now)


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store("sqlite:///:memory:")) as made:
        yield made


def tick(store: Store | Watched, chance: float = 0.0) -> Tick:
    return Tick(store, ROTA, Events(), lambda: chance, poll=5 * SECOND, batch=BATCH)  # type: ignore[arg-type]


def decided(store: Store) -> list[int]:
    """Return which of the schedules, by their order, have been decided."""
    found = sorted(stored(store), key=lambda one: one.id)
    return [number for number, one in enumerate(found) if one.next_due != NOW]


def outrun(store: Store, times: int) -> tuple[Tick, Watched]:
    """Return a scheduler that others have outrun so many times, and its store."""
    watched = Watched(store)
    late = tick(watched)
    for number in range(times):
        declare_one_more(store, number)
        at = NOW - HOUR + number * SECOND
        watched.meanwhile = lambda at=at: tick(store).step(at)
        late.step(at)
    watched.meanwhile, watched.reads = lambda: None, 0
    return late, watched


def declare_one_more(store: Store, number: int) -> None:
    at = NOW - HOUR + number * SECOND
    once_a_day = Definition(task="tidy", timetable="every 1d")  # not due again in any of these tests
    declare(store, schedule(1000 + number, next_due=at, cursor=at - SECOND, definition=once_a_day))


def test_who_finds_that_others_were_quicker_stands_back_longer_each_time_up_to_a_limit():
    waits = [timedelta(0)]
    for _ in range(8):
        waits.append(standing_back(waits[-1], others_were_quicker=True))
    assert waits[1:4] == [SHORTEST_STAND_BACK, SHORTEST_STAND_BACK * 2, SHORTEST_STAND_BACK * 4]
    assert waits[-1] == LONGEST_STAND_BACK
    assert standing_back(LONGEST_STAND_BACK, others_were_quicker=False) == timedelta(0)


def test_a_scheduler_alone_decides_at_once_all_that_is_due(store):
    declare(store, *(schedule(number) for number in range(25)))
    assert tick(store).step(NOW) == NOW + 5 * SECOND
    assert decided(store) == list(range(25))


def test_who_was_outrun_reads_no_schedule_until_what_is_due_is_late(store):
    late, watched = outrun(store, 1)
    declare(store, schedule(1))
    assert late.step(NOW) == NOW + SHORTEST_STAND_BACK / 2
    assert watched.reads == 0
    assert tick(store).step(NOW) > NOW
    assert late.step(NOW + SHORTEST_STAND_BACK / 2) > NOW + SECOND
    assert watched.reads == 0


def test_who_stands_back_replaces_one_that_has_died_within_two_looks(store):
    late, _ = outrun(store, 1)
    declare(store, *(schedule(number) for number in range(5)))
    first = late.step(NOW + SHORTEST_STAND_BACK)
    assert decided(store)[:5] != list(range(5))  # perhaps somebody is at it
    late.step(first)
    assert decided(store)[:5] == list(range(5))


def test_who_has_replaced_another_one_stands_back_no_longer(store):
    late, _ = outrun(store, 1)
    declare(store, schedule(1))
    late.step(late.step(NOW + SHORTEST_STAND_BACK))
    declare(store, schedule(2, next_due=NOW + SECOND))
    assert late.step(NOW + SECOND) == NOW + 6 * SECOND
    assert len(decided(store)) == len(stored(store))


def test_who_stands_back_helps_one_that_is_slow_without_touching_its_front(store):
    late, watched = outrun(store, 1)
    declare(store, *(schedule(number) for number in range(5 * BATCH)))
    late.step(NOW + SHORTEST_STAND_BACK)
    assert decided(store)[: 3 * BATCH] == list(range(2 * BATCH, 5 * BATCH))
    assert late.step(NOW + SHORTEST_STAND_BACK * 2) > NOW  # it has helped, and still stands back
    assert watched.reads > 0


def test_helpers_far_behind_the_front_come_closer_when_nothing_is_left_there(store):
    declare(store, *(schedule(number) for number in range(3 * BATCH - 1)))
    late, watched = outrun(store, 1)
    late._chance = lambda: 0.99  # begins nine batches from the front; then four, then two
    late.step(NOW + SHORTEST_STAND_BACK)
    assert watched.reads == 3
    assert decided(store)[:-1] == list(range(2 * BATCH, 3 * BATCH - 1))


def test_however_many_schedules_a_stranger_has_locked_the_others_are_decided(store):
    declare(store, *(schedule(number) for number in range(5 * BATCH)))
    watched = Watched(store)
    watched.locked = {uid(number) for number in range(BATCH + 2)}
    alone = tick(watched)
    now = steps_for_a_second(alone, NOW)
    assert decided(store) == list(range(BATCH + 2, 5 * BATCH))
    watched.locked.clear()
    steps_for_a_second(alone, now)
    assert decided(store) == list(range(5 * BATCH))


def steps_for_a_second(alone: Tick, now: datetime) -> datetime:
    ends = now + SECOND
    while now < ends:
        now = max(alone.step(now), now + timedelta(milliseconds=1))
    return now
