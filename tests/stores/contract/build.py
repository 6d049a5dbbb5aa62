"""What the contract is tested with: schedules, runs and requests, one line each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from rota.core.records import (
    AuditLine,
    Change,
    Claimed,
    ClaimRequest,
    Definition,
    DueSchedule,
    Failure,
    Generation,
    Lease,
    NewRun,
    Outcome,
    Plan,
    Run,
    RunState,
    Schedule,
    ScheduleQuery,
    ScheduleState,
    Settlement,
    Source,
    SyncPlan,
)
from rota.ports import Store

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = 20 * SECOND
PATIENCE = timedelta(seconds=20)  # for what happens at once, on a machine that is busy
ROTA = "shop"
TASKS = ("tidy", "mail", "count")
T = TypeVar("T")

# For what needs two store objects, or another way to the same database: memory has neither.
shared = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
# For what only the stores of nodes do: that of a request knows nothing of what others commit.
of_a_node = pytest.mark.parametrize("kind", ["sqlite", "memory", "postgres"], indirect=True)
in_a_file = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


def uid(number: int) -> str:
    """Return an id; a larger number sorts later."""
    return f"00000000-0000-8000-8000-{number:012x}"


# -- schedules


def schedule(number: int = 1, name: str | None = None, **changes: Any) -> Schedule:
    """Return an hourly schedule, due now."""
    definition = changes.pop("definition", Definition(task="tidy", timetable="every 1h"))
    one = Schedule(
        id=uid(number),
        rota=ROTA,
        name=name or f"tidy-{number}",
        source=Source.CODE,
        state=ScheduleState.ACTIVE,
        declared=definition,
        effective=definition,
        generation=1,
        cursor=NOW - HOUR,
        next_due=NOW,
        created_at=NOW - DAY,
        updated_at=NOW - DAY,
    )
    return replace(one, **changes)


def generation(revision: int = 1, number: int = 1, **changes: Any) -> Generation:
    return replace(
        Generation(rota=ROTA, number=number, fingerprint=f"f{number}", revision=revision, synced_at=NOW),
        **changes,
    )


def sync_plan(revision_was: int = 0, **parts: Any) -> SyncPlan:
    """Return a sync that was computed when the generation had `revision_was`."""
    return SyncPlan(generation=generation(revision_was + 1), revision=revision_was, **parts)


def declare(store: Store, *schedules: Schedule) -> None:
    """Store these schedules."""
    found = store.generation(ROTA)
    assert store.sync(sync_plan(found.revision if found else 0, create=schedules))


def change(before: Schedule, **changes: Any) -> Change:
    """Return the change that gives `before` these fields."""
    after = replace(before, revision=before.revision + 1, updated_at=NOW, **changes)
    return Change(revision=before.revision, after=after)


def stored(store: Store, *names: str) -> list[Schedule]:
    return store.schedules(ScheduleQuery(rota=ROTA, names=names, limit=500))


def the_schedule(store: Store, number: int = 1) -> Schedule:
    [found] = [one for one in stored(store) if one.id == uid(number)]
    return found


def moved(due: DueSchedule | Schedule, **changes: Any) -> Plan:
    """Return a plan that has decided everything up to now, and comes again in an hour."""
    return replace(
        Plan(
            schedule_id=due.id,
            revision=due.revision,
            cursor_was=due.cursor,
            cursor=NOW,
            next_due=NOW + HOUR,
        ),
        **changes,
    )


# -- runs


def new_run(number: int, **changes: Any) -> NewRun:
    one = NewRun(id=uid(number), rota=ROTA, task="tidy", created_at=NOW, run_at=NOW)
    return replace(one, **changes)


def occurrence(number: int, schedule_number: int = 1, **changes: Any) -> NewRun:
    """Return the run of an occurrence: serial, as overlap asks for by default."""
    own = {"schedule_id": uid(schedule_number), "schedule": f"tidy-{schedule_number}", "planned_at": NOW}
    return new_run(number, **{**own, "serial": True, **changes})


def request(**changes: Any) -> ClaimRequest:
    now = changes.get("now", NOW)
    one = ClaimRequest(
        node="node-1", rota=ROTA, queues=("default",), tasks=TASKS, now=now, until=now + LEASE, limit=100
    )
    return replace(one, **changes)


def claim(store: Store, **changes: Any) -> list[Claimed]:
    return store.claim(request(**changes))


def claim_one(store: Store, number: int = 1, **changes: Any) -> Claimed:
    """Enqueue a run and claim it."""
    at = changes.pop("now", NOW)
    store.enqueue([new_run(number, **{"created_at": at, "run_at": at, **changes})])
    [claimed] = claim(store, now=at, limit=1)
    assert claimed.id == uid(number)
    return claimed


def numbers(found: Sequence[Any]) -> list[int]:
    """Return the numbers that the ids of runs were made of."""
    ids = [one if isinstance(one, str) else one.id for one in found]
    return [int(one.rpartition("-")[2], 16) for one in ids]


def lease(claimed: Claimed) -> Lease:
    return Lease(claimed.id, claimed.token)


BOOM = Failure(kind="builtins.ValueError", message="boom", traceback="Traceback ...", names=("ValueError",))


def settlement(claimed: Claimed, state: str = "succeeded", **changes: Any) -> Settlement:
    outcomes = {"pending": Outcome.FAILED, "succeeded": Outcome.SUCCEEDED, "cancelled": Outcome.CANCELLED}
    failed = state in ("failed", "pending")
    one = Settlement(
        run_id=claimed.id,
        token=claimed.token,
        state=RunState(state),
        outcome=outcomes.get(state, Outcome.FAILED),
        attempt=claimed.attempt,
        started_at=claimed.started_at,
        finished_at=claimed.started_at + SECOND,
        run_at=claimed.started_at + MINUTE if state == "pending" else None,
        failure=BOOM if failed else None,
        schedule_id=claimed.schedule_id,
        planned_at=claimed.planned_at,
    )
    return replace(one, **changes)


def released(claimed: Claimed) -> Settlement:
    """Return the settlement of an attempt whose body never began."""
    back = {"outcome": Outcome.RELEASED, "counted": False, "failure": None, "run_at": claimed.run_at}
    return settlement(claimed, "pending", **back)


def settle(store: Store, *settlements: Settlement, now: datetime = NOW + SECOND) -> list[str]:
    return store.settle(settlements, now)


def the_run(store: Store, number: int = 1) -> Run:
    found = store.run(uid(number))
    assert found is not None
    return found


def states(store: Store, *of: int) -> list[str]:
    return [str(the_run(store, number).state) for number in of]


def audit(action: str, subject: str = "tidy-1", **changes: Any) -> AuditLine:
    line = AuditLine(at=NOW, rota=ROTA, actor="ada", via="cli", action=action, subject=subject)
    return replace(line, **changes)


def actions(store: Store) -> list[str]:
    return [line.action for line in store.audit(ROTA)]


# -- races


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Call all of these at the same time, each in a thread of its own, and return what they return."""
    barrier = threading.Barrier(len(calls))
    answers: dict[int, T] = {}
    errors: list[BaseException] = []

    def call(place: int) -> None:
        barrier.wait()
        try:
            answers[place] = calls[place]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [answers[place] for place in range(len(calls))]
