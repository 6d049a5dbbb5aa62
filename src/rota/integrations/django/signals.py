"""Signals of Django's for what happens to runs.

    @receiver(run_failed)
    def page(sender, event, **kwargs): ...

`sender` is the rota, `event` a `rota.runtime.events.Event`: the id of the run, schedule, task and facts. They
are sent by the node that does it, in one of its threads, after the commit. An error in a receiver is logged.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from django.dispatch import Signal

from rota.integrations.django.connections import close_stale
from rota.runtime.events import Event

log = logging.getLogger("rota.events")


class RunSignal(Signal):
    """Listens to the rota from the first receiver on: without one nothing is built for nobody.

    Args:
        kinds: Of events.
    """

    def __init__(self, *kinds: str) -> None:
        super().__init__()
        self._kinds = kinds
        self._first = threading.Lock()

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect a receiver, as of any signal."""
        super().connect(*args, **kwargs)
        if self._first.acquire(blocking=False):
            from rota.integrations.django.app import the_rota

            for kind in self._kinds:
                the_rota().on(kind, self._tell)

    def _tell(self, event: Event) -> None:
        from rota.integrations.django.app import the_rota

        close_stale()
        try:
            answers = self.send_robust(the_rota(), event=event)
        finally:
            close_stale()
        for receiver, answer in answers:
            if isinstance(answer, Exception):
                facts = {"event": event.kind, "subject": event.subject, "receiver": repr(receiver)}
                log.error("receiver failed", exc_info=answer, extra=facts)


run_started = RunSignal("run_started")
run_finished = RunSignal("run_succeeded", "run_failed", "run_cancelled")
run_failed = RunSignal("run_failed")
run_missed = RunSignal("run_missed")
