"""The process executor: real child processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from rota.core.records import Claimed, Finished, Outcome
from rota.core.tasks import Command
from rota.runners.local import commands
from tests.runners.harness import START, Harness, claimed, until, wait_for

BODIES = "tests.runners.bodies"


class Children(Harness):
    """A harness for functions of `bodies.py`."""

    def order(self, function: str, *, name: str | None = None, **facts: object) -> Claimed:
        body = {key: facts.pop(key) for key in ("memory_limit", "wants_context", "prepare") if key in facts}
        task = self.task(name or function, None, "process", reference=f"{BODIES}:{function}", **body)
        run = claimed(task, **facts)
        self.submit(run)
        return run

    def do(self, function: str, **facts: object) -> Finished:
        return self.end_of(self.order(function, **facts))

    def begun(self, run: Claimed) -> None:
        """Wait until the body has said so, by its progress."""

        def said() -> bool:
            self.collect()
            return any(one.run_id == run.id and one.done for one in self.told)

        until(said)


@pytest.fixture(scope="module")
def children():
    made = Children(2, kill_grace=timedelta(seconds=0.5))
    yield made
    made.stop()


@pytest.fixture
def patient_children():
    made = Children(1, cancel_grace=timedelta(seconds=60))
    yield made
    made.stop()


def test_a_body_runs_in_a_process_of_its_own_that_is_used_again(patient_children):
    first, second = (json.loads(patient_children.do("count_calls").result) for _ in range(2))
    assert os.getpid() != first["pid"] == second["pid"]
    assert second["calls"] == first["calls"] + 1


def test_arguments_go_down_and_the_result_comes_up(children):
    assert children.do("add", args={"a": 2, "b": 3}).result == "5"


def test_a_coroutine_function_may_have_a_process_too(children):
    assert children.do("add_async", args={"a": 2, "b": 3}).result == "5"


def test_lines_progress_and_the_context_reach_the_node(children):
    run = children.order("chatty", wants_context="context", attempt=2, last_success=START)
    ended = children.end_of(run)
    assert ended.result == '{"attempt":2,"start":"2026-01-01T00:00:00Z"}'
    lines = [line.split(" ", 1)[1] for line in children.whole_log(run).splitlines()]
    assert lines == ["INFO from logging", "WARNING from the context"]
    assert [(one.done, one.total, one.note) for one in children.told if one.done] == [(3, 4, "nearly")]


def test_arguments_are_typed_as_the_function_wants_them(children):
    ended = children.do("weekday", args={"day": "2026-01-01"}, prepare=dict)
    assert ended.result == '"Thursday"'


def test_the_body_of_the_task_is_taken_when_the_name_stands_for_a_task(children):
    assert children.do("doubled", args={"a": 1, "b": 2}).result == "6"


def test_an_error_keeps_its_kind_its_place_and_its_bases(children):
    ended = children.do("fail")
    assert (ended.outcome, ended.failure.kind, ended.failure.message) == (
        Outcome.FAILED,
        "ValueError",
        "it is wrong",
    )
    assert "in fail" in ended.failure.traceback
    assert "child.py" not in ended.failure.traceback
    assert {"ValueError", "builtins.ValueError", "Exception"} <= set(ended.failure.names)


def test_retry_and_give_up_pass_the_pipe(children):
    assert children.do("retry").retry_after == timedelta(seconds=90)
    assert children.do("give_up").final


def test_system_exit_fails_the_attempt_and_leaves_the_child_alive(patient_children):
    before = json.loads(patient_children.do("count_calls").result)
    assert patient_children.do("exit_politely").failure.kind == "SystemExit"
    assert json.loads(patient_children.do("count_calls").result)["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("function", "args", "says"),
    [
        pytest.param("exit_hard", {"status": 7}, "exit status 7", id="os._exit"),
        pytest.param("crash", {}, "SIGSEGV", id="segfault"),
        pytest.param("kill_itself", {}, "SIGKILL", id="killed, as by the kernel"),
    ],
)
def test_a_child_that_dies_fails_the_attempt_and_is_replaced(children, function, args, says):
    ended = children.do(function, args=args)
    assert ended.outcome is Outcome.FAILED
    assert ended.failure.kind == "rota.errors.ProcessDied"
    assert says in ended.failure.message
    assert children.do("add", args={"a": 1, "b": 1}).result == "2"


def test_what_was_logged_before_a_death_is_kept(children):
    run = children.order("exit_hard", args={"status": 1})
    children.end_of(run)
    assert "last words" in children.whole_log(run)


@pytest.mark.parametrize("function", ["hang", "hang_busily", "sleep_async"])
def test_the_soft_limit_is_raised_in_the_child(children, function):
    ended = children.do(function, soft=0.1)
    assert ended.outcome is Outcome.TIMED_OUT
    assert ended.failure.kind == "rota.errors.TimeLimitExceeded"
    assert "0:00:00.1" in ended.failure.message


def test_a_body_that_catches_the_soft_limit_and_returns_has_succeeded(children):
    ended = children.do("tidy_up", soft=0.1)
    assert (ended.outcome, ended.result) == (Outcome.SUCCEEDED, '"partial"')


def test_the_hard_limit_kills_the_child_and_what_it_started(children, tmp_path):
    run = children.order("hang_stubbornly", args={"path": str(tmp_path / "pid")}, soft=0.2, hard=0.6)
    ended = children.end_of(run)
    assert ended.outcome is Outcome.TIMED_OUT
    assert ended.failure.kind == "rota.errors.HardLimitExceeded"
    assert "ignored TimeLimitExceeded" in children.whole_log(run)
    grandchild = int((tmp_path / "pid").read_text())
    until(lambda: not _alive(grandchild))
    assert children.do("add", args={"a": 1, "b": 1}).result == "2"


def test_cancel_raises_in_the_child(children):
    run = children.order("tidy_up_when_cancelled")
    children.begun(run)
    children.runner.cancel([run.id])
    ended = children.end_of(run)
    assert (ended.outcome, ended.failure) == (Outcome.CANCELLED, None)
    assert "tidied up" in children.whole_log(run)


def test_a_coroutine_in_a_child_is_cancelled(children):
    run = children.order("sleep_async")
    children.begun(run)
    children.runner.cancel([run.id])
    assert children.end_of(run).outcome is Outcome.CANCELLED


def test_a_child_that_ignores_a_cancel_is_killed_after_the_grace(children, tmp_path):
    run = children.order("hang_stubbornly", args={"path": str(tmp_path / "pid")})
    children.begun(run)
    children.runner.cancel([run.id])
    assert children.end_of(run).outcome is Outcome.CANCELLED


def test_a_cancel_while_the_child_still_starts_is_not_lost(children):
    run = children.order("hang")
    children.runner.cancel([run.id])
    assert children.end_of(run).outcome is Outcome.CANCELLED


def test_a_child_can_look_whether_it_is_cancelled(patient_children):
    children = patient_children
    run = children.order("look")
    children.begun(run)
    children.runner.cancel([run.id])
    ended = children.end_of(run)
    assert (ended.outcome, ended.result) == (Outcome.CANCELLED, None)


def test_the_memory_limit_fails_the_body_and_not_the_next(children):
    ended = children.do("eat", args={"size": 400_000_000}, memory_limit=100_000_000)
    assert (ended.outcome, ended.failure.kind) == (Outcome.FAILED, "MemoryError")
    assert children.do("eat", name="small", args={"size": 20_000_000}, memory_limit=100_000_000).result
    assert children.do("eat", name="free", args={"size": 400_000_000}).result


def test_a_result_over_the_cap_is_refused_for_good(children):
    ended = children.do("big_result")
    assert ended.failure.kind == "rota.errors.ResultRefused"
    assert ended.final


def test_a_log_over_one_megabyte_ends_with_a_mark(children):
    run = children.order("shout")
    children.end_of(run)
    log = children.whole_log(run)
    assert len(log) < 1_200_000
    assert log.splitlines()[-1].endswith("further lines are dropped")


def test_what_can_not_be_imported_fails_clearly(children):
    ended = children.do("no_such_function")
    assert ended.failure.kind == "rota.errors.NotImportable"
    assert "no_such_function" in ended.failure.message
    assert children.do("not_callable").failure.kind == "rota.errors.NotImportable"


def test_a_body_without_a_reference_fails_clearly(children):
    children.task("local", None, "process")
    run = claimed("local")
    children.submit(run)
    assert "executor='thread'" in children.end_of(run).failure.message


def test_late_interruptions_never_hit_the_next_body(children):
    """Soft limits that expire just as bodies end: each run ends as itself, none with another's limit."""
    children.do("add", args={"a": 0, "b": 0})
    runs = [
        children.order("add", name=f"add-{n}", args={"a": n, "b": 0}, soft=0.001 * (n % 5 or 100))
        for n in range(200)
    ]
    children.wait(runs)
    for n, run in enumerate(runs):
        ended = children.ended[run.id]
        if ended.outcome is Outcome.SUCCEEDED:
            assert ended.result == str(n)
        else:
            assert n % 5, "a run whose limit was far away was hit"
            assert ended.outcome is Outcome.TIMED_OUT


def test_a_dropped_command_that_ignores_sigterm_does_not_outlive_the_stop(tmp_path):
    children = Children(1)
    pid = tmp_path / "pid"
    text = f"trap '' TERM; echo $$ > {pid}; while :; do sleep 0.01; done"
    run = claimed(children.task("stubborn", None, "process", command=Command((text,), shell=True)))
    children.submit(run)
    until(lambda: pid.exists() and bool(pid.read_text()))
    children.runner.drop([run.id])
    children.stop()
    until(lambda: not _alive(int(pid.read_text())))
    assert run.id not in children.ended


def test_a_command_that_was_starting_when_the_worker_stopped_is_killed(tmp_path, monkeypatch):
    """Its process is there, but not yet noted: whoever closes the executor can not see it."""
    started, closed = threading.Event(), threading.Event()
    real = commands.start
    pid = tmp_path / "pid"

    def start(command, run):
        group = real(command, run)
        until(lambda: pid.exists() and bool(pid.read_text()))
        started.set()
        wait_for(closed)
        return group

    monkeypatch.setattr(commands, "start", start)
    children = Children(1, kill_grace=timedelta(hours=1))
    executor = children.runner._executors["process"]
    text = f"trap '' TERM; echo $$ > {pid}; while :; do sleep 0.01; done"
    run = claimed(children.task("late", None, "process", command=Command((text,), shell=True)))
    children.submit(run)
    wait_for(started)
    children.runner.drop([run.id])
    executor.close(0.0)
    closed.set()
    until(lambda: not _alive(int(pid.read_text())))
    children.stop()


def test_stop_finishes_what_does_not_end_as_lost_and_leaves_no_process(tmp_path):
    children = Children(2, kill_grace=timedelta(seconds=0.2))
    run = children.order("hang_stubbornly", args={"path": str(tmp_path / "pid")})
    children.begun(run)
    children.stop(patience=0.05)
    assert children.ended[run.id].outcome is Outcome.LOST
    grandchild = int((tmp_path / "pid").read_text())
    until(lambda: not _alive(grandchild))


PARENT = """
import sys
from datetime import timedelta
from rota.core.tasks import Command
from tests.runners.harness import Harness, claimed
h = Harness(1)
h.task("t", None, "process", reference="tests.runners.bodies:hang_stubbornly")
run = claimed("t", args={"path": sys.argv[1]})
h.submit(run)
h.end_of(run)
"""


def test_children_die_with_the_node(tmp_path: Path):
    path = tmp_path / "pid"
    node = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    try:
        until(lambda: path.exists() and bool(path.read_text()))
    finally:
        node.send_signal(signal.SIGKILL)
        node.wait()
    until(lambda: not _alive(int(path.read_text())))


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
