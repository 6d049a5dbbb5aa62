"""`ROTA = {"AUTOSTART": True}`: each server process of the site is a node.

When it starts:

1. Django's handler loads its middleware: the process is a server, or about to fork servers. Management
   commands and tests load none, or are told apart: see `is_server`.
2. From then on the first request starts the node, and without one a timer does, a moment later: an idle site
   has its schedules, too.
3. A process that forks before that (gunicorn --preload, uWSGI) is the parent of servers, and no server: its
   timer is cancelled, and each child has one of its own. Threads would not survive the fork.
4. If the node can not start, as before the first migration, it is tried again and again.

Several processes are several nodes, and nothing is run twice. At the end of the process its node drains.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from django.core import mail
from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import request_started

from rota.errors import RotaError

if TYPE_CHECKING:
    from rota.runtime.node import Node

log = logging.getLogger("rota.node")
MIDDLEWARE = f"{__name__}.AutostartMiddleware"
MOMENT = 1.0  # seconds; those who fork do so at once
AGAIN = 10.0  # seconds until a start that failed is tried again
PATIENCE = timedelta(seconds=10)  # at most: servers are killed when they take long to end
BY_SIGNAL = 128
UID = "rota-autostart"
COMMANDS = ("manage.py", "django-admin")


class AutostartMiddleware:
    """Learns that a handler is being loaded, and is not used for anything else."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[..., Any]) -> None:
        if is_server(sys.argv, os.environ):
            starter.arm()
        raise MiddlewareNotUsed


def is_server(argv: list[str], environment: Any) -> bool:
    """Say whether a handler that is loaded in this process will serve requests of users.

    Not in tests, whose client loads one as well, nor in management commands but `runserver`; under its
    autoreload only in the process that serves.
    """
    if is_test():
        return False
    program = Path(argv[0] if argv else "")
    if program.name not in COMMANDS and program.parts[-2:] != ("django", "__main__.py"):
        return True
    if not any(word.startswith("runserver") for word in argv[1:2]):
        return False
    return "--noreload" in argv or environment.get("RUN_MAIN") == "true"


def stop_before_death(stop: Callable[[], None]) -> None:
    """Let the process not die by SIGTERM without a word.

    Where nobody handles it, the process exits, and so calls what is registered `atexit`. uvicorn handles it,
    and raises it anew once it has closed, for the handler it found. Where its own is there already, it found
    none, and `stop` is called before it: in a thread, which is waited for, as the one that is interrupted may
    hold a lock that `stop` needs.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    handler = signal.getsignal(signal.SIGTERM)

    def stop_first(number: int, frame: FrameType | None) -> None:
        stopping = threading.Thread(target=stop, name="rota-autostop", daemon=True)
        stopping.start()
        stopping.join(PATIENCE.total_seconds())
        assert callable(handler)
        handler(number, frame)

    if handler is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)
    elif (getattr(handler, "__module__", None) or "").startswith("uvicorn"):
        signal.signal(signal.SIGTERM, stop_first)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(BY_SIGNAL + number)


def is_test() -> bool:
    """Say whether Django's `setup_test_environment` was called in this process."""
    return hasattr(mail, "outbox")


class Starter:
    """Starts one node in each server process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._node: Node | None = None
        self._process = 0  # whose node it is: a child of it has none
        self._is_armed = self._is_over = False

    def arm(self) -> None:
        """Start the node at the first request, or in a moment."""
        with self._lock:
            if self._is_armed:
                return
            self._is_armed = True
            os.register_at_fork(before=self._before_fork, after_in_child=self._in_child)
            atexit.register(self._stop)
            self._begin()
        stop_before_death(self._stop)

    def _begin(self) -> None:
        request_started.connect(self._on_request, dispatch_uid=UID)
        self._wait(MOMENT)

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._start)
        self._timer.daemon = True
        self._timer.start()

    def _before_fork(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and self._node is None:
            timer.cancel()

    def _in_child(self) -> None:
        self._lock = threading.Lock()  # another thread of the parent may have held it
        if self._node is None:
            self._begin()

    def _on_request(self, **_: Any) -> None:
        request_started.disconnect(dispatch_uid=UID)
        threading.Thread(target=self._start, name="rota-autostart", daemon=True).start()

    def _start(self) -> None:
        from rota.integrations.django.app import the_rota

        with self._lock:
            if self._node is not None or self._is_over:
                return
            request_started.disconnect(dispatch_uid=UID)
            if self._timer is not None:
                self._timer.cancel()
            try:
                node = the_rota().node()
                node.start()
            except Exception as error:  # the site itself goes on, whatever it is
                told = {"problem": str(error)}
                is_ours = isinstance(error, RotaError)
                log.error("the site runs without a node; trying again", extra=told, exc_info=not is_ours)
                self._wait(AGAIN)
                return
            self._node, self._process = node, os.getpid()

    def _stop(self) -> None:
        """Let the node leave. One that is being started is waited for: it has joined already, perhaps."""
        from rota.integrations.django.app import the_rota

        if not self._lock.acquire(timeout=PATIENCE.total_seconds()):
            return
        try:
            self._is_over = True
            node, self._node = self._node, None
        finally:
            self._lock.release()
        if node is not None and self._process == os.getpid():
            node.stop(min(PATIENCE, node.options.patience))
            the_rota().close()


starter = Starter()
