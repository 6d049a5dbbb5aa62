"""A SQLite file: many processes on one, and a stranger who locks it."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from rota.core.records import RunQuery, RunState
from rota.errors import StoreUnavailable
from rota.stores import open_store
from tests.stores.contract.build import (
    NOW,
    ROTA,
    claim,
    declare,
    in_a_file,
    moved,
    new_run,
    numbers,
    occurrence,
    schedule,
    settle,
    settlement,
    stored,
    the_run,
    the_schedule,
    uid,
)

RUNS = 2_000
PROCESSES = 4


def work_off(url: str, node: str) -> list[str]:
    """Be a node in a process of its own: claim and settle until nothing is left."""
    done = []
    with closing(open_store(url)) as store:
        while claimed := claim(store, node=node, limit=50):
            assert settle(store, *map(settlement, claimed)) == []
            done += [one.id for one in claimed]
    return done


def tick(url: str) -> int:
    """Be a scheduler in a process of its own: record what is due; return how much that was."""
    with closing(open_store(url)) as store:
        made = 0
        while due := store.due(ROTA, NOW, 10):
            plans = [moved(one, runs=(occurrence(int(one.id[-6:], 16), 1),), made=1) for one in due]
            made += len(store.record(plans, NOW))
        return made


def in_processes(function, *arguments) -> list:
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(function, *arguments))


@in_a_file
def test_many_processes_on_one_file_run_each_run_once(store, store_url):
    store.enqueue([new_run(k) for k in range(1, RUNS + 1)])
    nodes = [f"node-{k}" for k in range(PROCESSES)]
    done = in_processes(work_off, [store_url] * PROCESSES, nodes)
    assert sorted(numbers([one for part in done for one in part])) == list(range(1, RUNS + 1))
    assert dict(store.counts(ROTA, NOW).runs) == {"succeeded": RUNS}
    assert {one.attempt for one in store.runs(RunQuery(rota=ROTA, limit=500))} == {1}


@in_a_file
def test_many_schedulers_on_one_file_decide_each_occurrence_once(store, store_url):
    count = 200
    declare(store, *[schedule(k) for k in range(1, count + 1)])
    made = in_processes(tick, [store_url] * PROCESSES)
    assert sum(made) == count
    assert sum(one.runs_made for one in stored(store)) == count
    assert dict(store.counts(ROTA, NOW).runs) == {"pending": count}


@in_a_file
def test_a_file_that_is_new_to_many_processes_is_made_once(store_url):
    assert in_processes(tick, [store_url] * PROCESSES) == [0] * PROCESSES


def locked(url: str) -> sqlite3.Connection:
    """Return the connection of a stranger who writes and does not come to an end."""
    stranger = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    return stranger


@in_a_file
def test_while_a_stranger_holds_the_file_writing_is_unavailable_and_reading_goes_on(store, store_url):
    declare(store, schedule(1))
    store.enqueue([new_run(1)])
    with closing(open_store(f"{store_url}?busy_timeout=0.05")) as impatient:
        assert impatient.clock()
        with closing(locked(store_url)) as stranger:
            for write in (
                lambda: impatient.enqueue([new_run(2)]),
                lambda: claim(impatient),
                lambda: impatient.record([moved(schedule(1))], NOW),
                lambda: impatient.cancel([uid(1)], "ada", NOW),
            ):
                with pytest.raises(StoreUnavailable, match="locked") as raised:
                    write()
                assert Path(raised.value.url.partition("?")[0]).name == "rota.db"
            assert len(impatient.due(ROTA, NOW, 10)) == 1
            assert the_run(impatient).state is RunState.PENDING
            stranger.execute("ROLLBACK")
        assert impatient.enqueue([new_run(2)]) == [uid(2)]
        assert len(claim(impatient)) == 2
        assert impatient.record([moved(schedule(1))], NOW) == [uid(1)]
        assert the_schedule(impatient).cursor == NOW


@in_a_file
def test_who_is_locked_out_waits_about_as_long_as_the_busy_timeout_says(store, store_url):
    store.clock()
    with closing(open_store(f"{store_url}?busy_timeout=0.3")) as one, closing(locked(store_url)):
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            one.enqueue([new_run(1)])
        assert 0.25 <= time.monotonic() - begun < 5
