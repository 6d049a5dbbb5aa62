"""The program as processes: nodes that run, drain and die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def started(synced):
    """Starts processes, and ends them whatever happens."""
    made = []

    def start(*args, **environment):
        made.append(synced.process(*args, **{"ROTA_APP": synced.app, **environment}))
        return made[-1]

    yield start
    for one in made:
        one.kill()


def test_a_node_greets_runs_and_drains(synced, started):
    node = started("run")
    greeting = node.wait_for(" INFO schedule ")
    assert 'schedule=billing:daily timetable="daily 03:00 in Europe/Paris" timezone=Europe/Paris' in greeting
    assert "next_due=" in greeting
    node.wait_for("node joined")
    run_id = synced("trigger", "nightly", "--arg", "limit=1").stdout.strip()
    assert f"run={run_id}" in node.wait_for("run succeeded")
    node.signal(signal.SIGTERM)
    node.wait_for("node left")
    code, out, _ = node.end()
    assert (code, out) == (0, "noise of the body\n")


def test_the_log_as_json(synced, started):
    node = started("scheduler", "--log-format", "json")
    line = json.loads(node.wait_for("node joined"))
    assert (line["level"], line["logger"], line["roles"]) == ("info", "rota.node", ["scheduler"])
    node.signal(signal.SIGINT)
    assert node.end()[0] == 0
    assert all(json.loads(one) for one in node.lines)


def test_what_runs_may_end_and_a_second_signal_ends_at_once(synced, started):
    node = started("worker", "--concurrency", "2", ROTA_DRAIN_TIMEOUT="1h")
    node.wait_for("node joined")
    synced("enqueue", "slow", "--arg", "seconds=100000")
    node.wait_for("slow began")
    node.signal(signal.SIGTERM)
    node.wait_for("draining")
    node.signal(signal.SIGTERM)
    assert node.end()[0] == 128 + signal.SIGTERM
    assert [run["state"] for run in synced.json("runs")] == ["running"]


def test_a_node_that_is_asked_to_drain_lets_its_run_end_and_another_takes_over(synced, started):
    gate = synced.folder / "gate"
    os.mkfifo(gate)
    node = started("run", ROTA_LEASE="3s", ROTA_DRAIN_TIMEOUT="1h")
    node.wait_for("node joined")
    first = synced("enqueue", "gated", "--arg", f"gate={gate}").stdout.strip()
    node.wait_for("run started")
    [one] = synced.json("node", "list")
    asked = synced.json("node", "drain", one["id"], "--reason", "new release")
    assert [each["subject"] for each in asked["changed"]] == [one["id"]]
    node.wait_for("asked to drain")
    node.wait_for("node takes nothing more")

    second = synced("enqueue", "purge").stdout.strip()
    with gate.open("w") as pipe:  # its run may end; what came meanwhile is not its business
        pipe.write("written by the test")
    node.wait_for("node left")
    code, _, _ = node.end()
    assert code == 0
    states = {run["id"]: run["state"] for run in synced.json("runs")}
    assert states == {first: "succeeded", second: "pending"}
    assert synced.json("node", "list") == []

    another = started("run", ROTA_LEASE="3s")
    assert f"run={second}" in another.wait_for("run succeeded")
    assert [other["id"] == one["id"] for other in synced.json("node", "list")] == [False]


def test_a_signal_while_a_node_drains_waits_for_it(synced, started):
    gate = synced.folder / "gate"
    os.mkfifo(gate)
    node = started("worker", ROTA_LEASE="3s", ROTA_DRAIN_TIMEOUT="1h")
    node.wait_for("node joined")
    run_id = synced("enqueue", "gated", "--arg", f"gate={gate}").stdout.strip()
    node.wait_for("run started")
    synced("node", "drain", synced.json("node", "list")[0]["id"])
    node.wait_for("asked to drain")
    node.signal(signal.SIGTERM)
    node.wait_for("draining")
    with gate.open("w") as pipe:
        pipe.write("")
    assert node.end()[0] == 0
    assert [(run["id"], run["state"]) for run in synced.json("runs")] == [(run_id, "succeeded")]


def test_a_killed_node_is_replaced_and_its_run_taken_over(synced, started):
    first = started("worker", ROTA_LEASE="3s")
    first.wait_for("node joined")
    run_id = synced("enqueue", "slow", "--arg", "seconds=100000").stdout.strip()
    first.wait_for("slow began")
    first.signal(signal.SIGKILL)
    second = started("run", ROTA_LEASE="3s")
    second.wait_for("run lost")
    second.wait_for("slow began")
    [run] = synced.json("runs")
    assert (run["id"], run["state"], run["attempt"]) == (run_id, "running", 2)


def test_a_worker_serves_its_queues_alone(synced, started):
    node = started("worker", "--queues", "mail")
    node.wait_for("node joined")
    synced("enqueue", "purge")
    synced("enqueue", "send", "--arg", "user=1")
    assert "task=send" in node.wait_for("run succeeded")
    assert [run["state"] for run in synced.json("runs", "--task", "purge")] == ["pending"]


def test_tick_as_a_cron_line(synced, started):
    synced("trigger", "nightly", "--arg", "limit=1")
    tick = started("tick", "--json")
    code, out, err = tick.end()
    assert (code, json.loads(out)) == (0, {"ended": {"succeeded": 1}})
    assert "noise of the body" in err


def test_an_error_is_a_line_and_no_traceback(shop):
    process = shop.process("list", "nowhere:rota")
    code, out, err = process.end()
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_reader_that_goes_away_is_no_error(synced):
    command = f"{sys.executable} -m rota.cli next '* * * * * *' -n 1000 | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=synced.folder, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_help_loads_no_command_and_no_table_drawing():
    code = (
        "import sys; from rota.cli.main import rota\n"
        "try: rota(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('rich', 'rota.demo', 'rota.operations', 'sqlite3'))"
        " or m.startswith('rota.cli.') and m != 'rota.cli.main'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_next_needs_no_store_and_no_table_drawing():
    code = (
        "import sys; from rota.cli.main import rota\n"
        "try: rota(['next', '5m', '--json'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('rich', 'rota.stores', 'sqlite3', 'psycopg'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_color_and_a_narrow_terminal(synced):
    wide = synced("list", NO_COLOR="1").stdout
    assert "\x1b" not in wide
    assert "\x1b" in synced("list", FORCE_COLOR="1").stdout
