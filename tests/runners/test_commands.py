"""Commands: real processes of the system."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from rota.core.records import Outcome
from rota.core.tasks import Command
from tests.runners.harness import START, claimed, until


@pytest.fixture
def command(make):
    harness = make(slots=2, kill_grace=timedelta(seconds=0.2))

    def start(*argv: str, shell: bool = False, env=None, cwd=None, **facts):
        made = Command(argv=argv, shell=shell, env=env or {}, cwd=cwd)
        run = claimed(harness.task("command", None, "process", command=made), **facts)
        harness.runner._known.clear()
        harness.submit(run)
        return run

    harness.command = start
    return harness


def lines(log: str) -> list[str]:
    return [line.split(" ", 2)[2] for line in log.splitlines()]


def test_both_outputs_become_the_log_line_by_line(command):
    run = command.command("echo one; echo two >&2; printf three", shell=True)
    ended = command.end_of(run)
    assert (ended.outcome, ended.result) == (Outcome.SUCCEEDED, None)
    assert lines(command.whole_log(run)) == ["one", "two", "three"]


def test_the_exit_status_is_the_outcome(command):
    ended = command.end_of(command.command("echo no space left; exit 4", shell=True))
    assert ended.outcome is Outcome.FAILED
    assert ended.failure.kind == "rota.errors.CommandFailed"
    assert ended.failure.message == "the command ended with exit status 4; its last line: no space left"


def test_a_signal_is_named(command):
    ended = command.end_of(command.command("kill -TERM $$", shell=True))
    assert "SIGTERM" in ended.failure.message


def test_a_program_that_does_not_exist_fails_clearly(command):
    ended = command.end_of(command.command("/no/such/program"))
    assert (ended.outcome, ended.failure.kind) == (Outcome.FAILED, "FileNotFoundError")


def test_arguments_fill_places_in_argv_and_are_never_read_by_a_shell(command):
    args = {"name": "a; rm -rf $HOME", "count": 3, "flags": ["x"]}
    run = command.command("echo", "{name}", "n={count}", "{flags}", "{other}", "{}", args=args)
    command.end_of(run)
    assert lines(command.whole_log(run)) == ['a; rm -rf $HOME n=3 ["x"] {other} {}']


def test_a_shell_gets_the_arguments_in_its_environment_only(command):
    run = command.command('echo "$ROTA_ARG_NAME" {name}', shell=True, args={"name": "`id`"})
    command.end_of(run)
    assert lines(command.whole_log(run)) == ["`id` {name}"]


def test_the_environment_tells_of_the_run(command, tmp_path):
    text = 'echo $MINE $ROTA_TASK $ROTA_ATTEMPT $ROTA_WINDOW_START $ROTA_PLANNED_AT "$PWD"'
    run = command.command(text, shell=True, env={"MINE": "x"}, cwd=str(tmp_path), planned_at=START)
    command.end_of(run)
    assert lines(command.whole_log(run)) == [f"x command 1 2026-01-01T00:00:00+00:00 {tmp_path}"]


def test_output_comes_while_the_command_runs(command, tmp_path):
    fifo = tmp_path / "go"
    run = command.command(f"mkfifo {fifo}; echo begun; read x < {fifo}", shell=True)

    def said() -> bool:
        command.collect()
        return any("begun" in report.log for report in command.told)

    until(said)
    fifo.write_text("go\n")
    assert command.end_of(run).outcome is Outcome.SUCCEEDED
    assert command.ended[run.id].log == ""


def test_too_much_output_is_cut_with_a_mark(command):
    run = command.command("yes $(printf 'x%.0s' $(seq 1000)) | head -3000", shell=True)
    assert command.end_of(run).outcome is Outcome.SUCCEEDED
    log = command.whole_log(run)
    assert len(log) < 1_100_000
    assert log.splitlines()[-1].endswith("further lines are dropped")


def test_odd_bytes_and_endless_lines_do_no_harm(command):
    code = r"import os; os.write(1, b'\xff\x00a\n' + b'y' * 300_000)"
    run = command.command(sys.executable, "-c", code)
    assert command.end_of(run).outcome is Outcome.SUCCEEDED
    log = command.whole_log(run)
    assert "\\xff\\x00a" in log
    assert "\0" not in log
    assert log.count("y") == 300_000


def test_what_a_command_leaves_running_does_not_hold_the_run(command, tmp_path):
    pid = tmp_path / "pid"
    run = command.command(f"sleep 1000 & echo $! > {pid}", shell=True)
    assert command.end_of(run).outcome is Outcome.SUCCEEDED
    _kill(pid)


def test_the_soft_limit_terminates_the_group(command, tmp_path):
    pid = tmp_path / "pid"
    run = command.command(f"sleep 1000 & echo $! > {pid}; wait", shell=True, soft=0.2)
    ended = command.end_of(run)
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.TimeLimitExceeded")
    until(lambda: not _alive(pid))


def test_a_command_that_ends_well_after_sigterm_has_succeeded(command):
    run = command.command("trap 'echo tidy; exit 0' TERM; while :; do sleep 0.01; done", shell=True, soft=0.2)
    assert command.end_of(run).outcome is Outcome.SUCCEEDED
    assert "tidy" in command.whole_log(run)


def test_the_hard_limit_kills_the_group(command, tmp_path):
    pid = tmp_path / "pid"
    text = f"trap '' TERM; sleep 1000 & echo $! > {pid}; while :; do sleep 0.01; done"
    ended = command.end_of(command.command(text, shell=True, soft=0.1, hard=0.4))
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.HardLimitExceeded")
    until(lambda: not _alive(pid))


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"], ids=["ends", "must be killed"])
def test_cancel_ends_the_group(command, tmp_path, trap):
    pid = tmp_path / "pid"
    run = command.command(f"{trap} sleep 1000 & echo $! > {pid}; while :; do sleep 0.01; done", shell=True)
    until(lambda: pid.exists() and bool(pid.read_text()))
    command.runner.cancel([run.id])
    ended = command.end_of(run)
    assert (ended.outcome, ended.failure) == (Outcome.CANCELLED, None)
    until(lambda: not _alive(pid))


def _alive(path: Path) -> bool:
    try:
        status = Path(f"/proc/{int(path.read_text())}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _kill(path: Path) -> None:
    import os
    import signal

    os.kill(int(path.read_text()), signal.SIGKILL)
