"""What ends the wait: a signal, whenever it comes and whichever thread gets it, or another thread."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import signal, sys, threading
from rota.cli.stopping import Stop

stop, number = Stop(), signal.Signals[sys.argv[1]]

def send():
    sys.stdin.readline()
    signal.pthread_kill(threading.get_ident(), number)
    threading.Event().wait()

threading.Thread(target=send, daemon=True).start()
print(stop.wait(), flush=True)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_that_another_thread_gets_is_heard(name):
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as waiting:
        try:
            said, _ = waiting.communicate("now\n", timeout=30)
        except subprocess.TimeoutExpired:
            waiting.kill()
            raise
    assert said.strip() == {"SIGTERM": "15", "SIGINT": "2"}[name]


def test_a_signal_that_came_before_the_wait_is_heard():
    script = (
        "import os; from rota.cli.stopping import Stop; s = Stop(); os.kill(os.getpid(), 15); print(s.wait())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "15"


def test_another_thread_ends_the_wait_without_a_signal():
    script = (
        "import threading; from rota.cli.stopping import Stop; s = Stop();"
        "threading.Thread(target=s.end).start(); print(s.wait())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "None"


def test_the_second_signal_ends_the_process_at_once():
    script = (
        "import os; from rota.cli.stopping import Stop; s = Stop();"
        "os.kill(os.getpid(), 15); s.wait(); os.kill(os.getpid(), 2); print('still here')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (128 + 2, "")
