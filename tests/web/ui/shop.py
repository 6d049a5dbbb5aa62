"""A shop whose runs were really made, executed, logged and settled: what pages are drawn from."""

from __future__ import annotations

from datetime import timedelta

from rota import Rota, every
from rota.core.records import NewRun, Node, RunState
from rota.runners.local.context import RunContext
from rota.testing.clock import VirtualClock

HOSTILE = "<script>alert('x')</script>\"'&{{7*7}}"
START = "2026-03-02 12:00"


def make_shop(store: str, clock: VirtualClock | None = None, own: bool = False, **settings: object) -> Rota:
    """Return a rota with tasks that succeed, fail, speak and say hostile things; `own`: and housekeeping."""
    rota = Rota("shop", store=store, clock=clock, housekeeping=own, **settings)

    @rota.task
    def greet(name: str = "Ada", password: str = "hunter2-hunter2") -> dict[str, str]:
        return {"greeted": name, "token": "secret-result"}

    @rota.task
    def charge(amount: int = 1) -> None:
        raise ValueError(f"card refused {HOSTILE}")

    @rota.task
    def count(context: RunContext, rows: int = 3) -> int:
        for row in range(rows):
            context.log.info("row %d of %d %s", row + 1, rows, HOSTILE)
            context.progress(row + 1, rows, "counting")
        return rows

    rota.schedule(greet, every("1h"), name="greetings")
    rota.schedule(charge, every("1h"), name="charges", tags=["money"])
    rota.schedule(count, every("30m"), name="counts")
    return rota


def work(rota: Rota, clock: VirtualClock, span: timedelta) -> None:
    """Let time pass, and do what comes due, a pass for each quarter of an hour."""
    for _ in range(span // timedelta(minutes=15)):
        clock.advance(timedelta(minutes=15))
        rota.tick()


def waiting(rota: Rota, task: str, **fields: object) -> str:
    """Store a run that nobody takes up, and return its id."""
    now = rota.clock.now()
    run = NewRun(
        id=rota.new_id(),
        rota=rota.name,
        task=task,
        created_at=now,
        run_at=now,
        state=RunState.PENDING,
        **fields,
    )
    rota.store.enqueue([run])
    return run.id


def alive(rota: Rota, name: str, **fields: object) -> None:
    """Let a node have shown itself just now."""
    known = {"roles": ("scheduler", "worker"), "queues": ("default",), "slots": 4, "version": "1.0", **fields}
    now = rota.clock.now()
    rota.store.join(
        Node(id=name, rota=rota.name, host="host-a", pid=4711, started_at=now, seen_at=now, **known)
    )
