"""What is captured, and what is left as it was."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from rota.runners.local.context import current_run
from tests.runners.harness import Harness, claimed, wait_for

log = logging.getLogger("tests.runners.logs")


@pytest.fixture
def root():
    """The root logger as an application that has configured nothing finds it."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    logger.handlers[:] = []
    logger.setLevel(logging.WARNING)
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_lines_of_any_logger_go_to_the_run_whose_body_logs(root, make):
    harness = make(slots=4)
    barrier = threading.Barrier(4)

    def body():
        barrier.wait(20)
        log.info("from %s", current_run().run_id)

    runs = [claimed(harness.task("t", body)) for _ in range(4)]
    harness.submit(*runs)
    harness.wait(runs)
    for run in runs:
        assert re.fullmatch(rf"\d\d:\d\d:\d\d\.\d\d\d INFO from {run.id}\n", harness.whole_log(run))


def test_errors_are_logged_with_their_traceback(root, make):
    harness = make()

    def body():
        try:
            raise ValueError("wrong")
        except ValueError:
            log.exception("caught")

    run = harness.start(body)
    harness.end_of(run)
    text = harness.whole_log(run)
    assert "ERROR caught\nTraceback" in text
    assert "ValueError: wrong" in text


def test_the_context_logs_from_any_thread(root, make):
    harness = make()

    def body(context):
        thread = threading.Thread(target=lambda: context.log.info("from %s", "a thread"))
        thread.start()
        thread.join()

    run = harness.start(body, wants_context="context")
    harness.end_of(run)
    assert harness.whole_log(run).count("INFO from a thread\n") == 1


def test_the_context_logs_into_the_run_although_the_application_shows_warnings_only(root, make):
    harness = make(capture=None)

    def body(context):
        context.log.info("kept %d%%", 7)
        context.log.debug("not kept")

    run = harness.start(body, wants_context="context")
    harness.end_of(run)
    assert harness.whole_log(run).split(" ", 1)[1] == "INFO kept 7%\n"


def test_nothing_is_told_twice_and_nothing_is_lost_while_a_run_goes_on(root, make):
    harness = make()
    go_on, said = threading.Semaphore(0), threading.Semaphore(0)

    def body():
        for number in range(5):
            log.info("line %d", number)
            current_run().progress(number)
            said.release()
            go_on.acquire()
        log.info("the end")

    run = harness.start(body)
    for number in range(5):
        assert said.acquire(timeout=20)
        harness.collect()
        assert harness.told[-1].done == number
        assert f"line {number}\n" in harness.told[-1].log
        assert harness.runner.reports() == []
        go_on.release()
    ended = harness.end_of(run)
    assert ended.log.endswith("the end\n")
    assert [line.rpartition(" ")[2] for line in harness.whole_log(run).splitlines()] == [*"01234", "end"]


def test_the_last_progress_is_told_before_the_end(make):
    harness = make()

    def body():
        current_run().progress(100, 100, "x" * 1000)

    run = harness.start(body)
    harness.end_of(run)
    harness.collect()
    [report] = [one for one in harness.told if one.run_id == run.id]
    assert (report.done, report.total, len(report.note)) == (100, 100, 500)


def test_a_log_is_bounded_and_says_so(root, make):
    harness = make()

    def body():
        for _ in range(30):
            log.info("x" * 100_000)

    run = harness.start(body)
    harness.end_of(run)
    text = harness.whole_log(run)
    assert len(text) < 1_100_000
    assert text.count("dropped") == 1
    assert text.endswith("further lines are dropped\n")


def test_what_a_database_refuses_is_shown_as_an_escape(root, make):
    harness = make()
    run = harness.start(lambda: log.info("nul \0 surrogate \ud800"))
    harness.end_of(run)
    assert harness.whole_log(run).endswith("INFO nul \\x00 surrogate \\ud800\n")


def test_a_line_that_can_not_be_formatted_harms_no_body(root, make, capsys):
    harness = make()
    ended = harness.run(lambda: log.info("%d", "no number"))
    assert ended.failure is None


def test_what_an_application_has_configured_shows_what_it_did_before(root):
    root.handlers[:] = []  # pytest has added its own since
    shown: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: shown.append(record.getMessage())
    root.addHandler(handler)
    loud = logging.getLogger("tests.runners.loud")
    loud.setLevel(logging.DEBUG)
    harness = Harness()

    def body():
        log.info("info of the root's level")
        log.warning("warning")
        loud.debug("debug of its own level")

    run = harness.start(body)
    harness.end_of(run)
    harness.stop()
    log.info("afterwards")
    assert shown == ["warning", "debug of its own level"]
    assert "info of the root's level" in harness.whole_log(run)
    assert (root.level, root.handlers) == (logging.WARNING, [handler])
    assert handler.filters == []


def test_warnings_of_an_application_that_configured_nothing_still_reach_stderr(root, make, capsys):
    root.handlers[:] = []  # pytest has added its own since
    make()
    log.warning("careful")
    log.info("not this")
    assert capsys.readouterr().err == "careful\n"


def test_two_runners_capture_once(root, make):
    first, second = make(), make()
    run = second.start(lambda: log.info("once"))
    second.end_of(run)
    assert second.whole_log(run).count("once") == 1
    first.stop()
    again = second.start(lambda: log.info("still"))
    second.end_of(again)
    assert second.whole_log(again).count("still") == 1


def test_what_is_said_after_the_end_is_ignored(root, make):
    harness = make()
    go_on, said = threading.Event(), threading.Event()

    def body(context):
        def later():
            go_on.wait(20)
            context.log.info("too late")
            context.progress(1)
            said.set()

        threading.Thread(target=later).start()

    run = harness.start(body, wants_context="context")
    harness.end_of(run)
    go_on.set()
    wait_for(said)
    harness.collect()
    assert harness.whole_log(run) == ""
    assert [one for one in harness.told if one.run_id == run.id] == []
