"""Dispatch: what is leased is begun, also when the answer of the store was lost."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from rota.core.records import Claimed, ClaimRequest, Lease
from rota.errors import StoreUnavailable
from rota.ports import Store
from rota.runtime.dispatch import Dispatch
from rota.runtime.events import Events
from rota.runtime.settle import MOST_UNSETTLED
from rota.stores import open_store
from tests.stores.contract.build import LEASE, NOW, ROTA, SECOND, new_run, numbers


class Unreliable:
    """A store whose next answers to a claim are lost: after the commit, or with it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fates: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def claim(self, request: ClaimRequest) -> list[Claimed]:
        fate = self.fates.pop(0) if self.fates else "answered"
        claimed = [] if fate == "not committed" else self._store.claim(request)
        if fate != "answered":
            raise StoreUnavailable("sqlite://", "the connection was cut")
        return claimed


class Runner:
    """Holds what it is given."""

    def __init__(self) -> None:
        self.given: list[Claimed] = []

    def room(self) -> int:
        return 2

    def submit(self, runs: Sequence[Claimed]) -> None:
        self.given += runs

    def held(self) -> list[Lease]:
        return [Lease(run.id, run.token) for run in self.given]


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(open_store("sqlite:///:memory:")) as made:
        made.enqueue([new_run(number) for number in range(1, 7)])
        yield made


def dispatch(store: Store | Unreliable, runner: Runner, unsettled: int = 0) -> Dispatch:
    return Dispatch(
        store,  # type: ignore[arg-type]
        runner,  # type: ignore[arg-type]
        Events(),
        node="n",
        rota=ROTA,
        queues=("default",),
        tasks=("tidy",),
        lease=LEASE,
        poll=5 * SECOND,
        batch=10,
        unsettled=lambda: unsettled,
    )


def test_runs_whose_claim_was_committed_and_not_answered_are_begun_once(store):
    unreliable, runner = Unreliable(store), Runner()
    step = dispatch(unreliable, runner).step
    unreliable.fates = ["answered", "committed", "not committed"]
    step(NOW)
    with pytest.raises(StoreUnavailable):
        step(NOW)  # the clock stands still: the two claims are told apart all the same
    with pytest.raises(StoreUnavailable):
        step(NOW + SECOND)  # begins what the last one has leased, then fails itself
    step(NOW + 2 * SECOND)
    assert numbers(runner.given) == [1, 2, 3, 4, 5, 6]
    assert {run.attempt for run in runner.given} == {1}


def test_a_lease_that_has_run_out_meanwhile_is_left_to_rescue(store):
    unreliable, runner = Unreliable(store), Runner()
    step = dispatch(unreliable, runner).step
    unreliable.fates = ["committed"]
    with pytest.raises(StoreUnavailable):
        step(NOW)
    step(NOW + LEASE)
    assert numbers(runner.given) == [3, 4]


@pytest.mark.parametrize(("unsettled", "claimed"), [(MOST_UNSETTLED - 1, 1), (MOST_UNSETTLED, 0)])
def test_no_more_is_leased_than_can_be_written_down(store, unsettled, claimed):
    runner = Runner()
    dispatch(store, runner, unsettled).step(NOW)
    assert len(runner.given) == claimed
