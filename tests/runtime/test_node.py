"""A node in threads: how it leaves."""

import threading
from datetime import datetime

from rota import Rota
from rota.core.records import RunState

PATIENCE = 60  # seconds: for a machine that is busy, never reached otherwise


def test_a_long_call_of_one_step_keeps_no_other_going(monkeypatch):
    rota = Rota("leaving", store="sqlite:///:memory:")

    @rota.task
    def later() -> None: ...

    node = rota.node()
    [tick] = [step for step in node.steps if step.name == "tick"]
    began, may_end, decide = threading.Event(), threading.Event(), tick.step

    def long_step(now: datetime) -> datetime:
        began.set()
        may_end.wait()
        return decide(now)

    monkeypatch.setattr(tick, "step", long_step)
    node.start()
    try:
        assert began.wait(PATIENCE)
        dispatching = [one for one in threading.enumerate() if one.name == "rota-dispatch"]
        leaving = threading.Thread(target=node.stop)
        leaving.start()
        for thread in dispatching:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in dispatching)
        run = later.enqueue()
    finally:
        may_end.set()
    leaving.join(PATIENCE)
    assert rota.store.run(run).state is RunState.PENDING
    rota.close()
