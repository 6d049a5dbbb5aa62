"""Bodies that are run at once, in the thread of the caller."""

from __future__ import annotations

import asyncio

import pytest

from rota.core.tasks import Body, Command
from rota.errors import CommandFailed, NoRun, ResultRefused
from rota.runners.inline import run_inline
from rota.runners.local.context import current_run
from tests.runners.turns import a_turn


def test_a_function_is_called_with_its_context():
    seen = []

    def body(n, run):
        run.progress(1)
        seen.append((n, run.task, current_run() is run))

    id = run_inline(Body("t", body, wants_context="run", prepare=lambda args: {"n": args["n"] + 1}), {"n": 1})
    assert seen == [(2, "t", True)]
    assert len(id) == 36 or len(id) == 32
    with pytest.raises(NoRun):
        current_run()


def test_what_it_raises_comes_out():
    with pytest.raises(ZeroDivisionError):
        run_inline(Body("t", lambda: 1 / 0), {})


def test_a_result_that_no_worker_could_store_is_refused_here_too():
    with pytest.raises(ResultRefused):
        run_inline(Body("t", object), {})


def test_a_coroutine_is_awaited_with_and_without_a_loop():
    seen = []

    async def body():
        await a_turn()
        seen.append(current_run().task)

    async def application():
        run_inline(Body("inside", body, "async"), {})

    run_inline(Body("outside", body, "async"), {})
    asyncio.run(application())
    assert seen == ["outside", "inside"]


def test_a_command_is_executed(caplog):
    caplog.set_level("INFO")
    run_inline(Body("t", None, "process", command=Command(("echo", "{x}"))), {"x": "hello"})
    assert "hello" in caplog.text
    with pytest.raises(CommandFailed, match="exit status 3"):
        run_inline(Body("t", None, "process", command=Command(("exit 3",), shell=True)), {})
