"""A client that asks for runs all the time, and tries again until each is acknowledged."""

from __future__ import annotations

import threading
import time

from rota import Rota
from rota.errors import StoreUnavailable


class Requests:
    """Enqueues the task `noted`, each time under a key of its own, in a thread.

    Args:
        name: For the keys.
        again: Seconds after which what was not acknowledged is asked for again.

    Attributes:
        acknowledged: Ids that the store has answered with.
    """

    def __init__(self, store: str, name: str = "request", *, every: float = 0.05, again: float = 0.1) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self._name, self._every, self._again = name, every, again
        self._rota = Rota("clockwork", store=store, housekeeping=False)
        # By default three lost attempts are the end of a run, and a storm of lost connections gets that far.
        self._task = self._rota.task(lambda: None, name="noted", retries=100, backoff="1s")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stopping.wait(self._every):
            number += 1
            while not self._stopping.is_set():
                try:
                    self.acknowledged.append(str(self._task.enqueue(key=f"{self._name} {number}")))
                except StoreUnavailable:
                    self.refused += 1
                    time.sleep(self._again)
                else:
                    break

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._rota.store.close()

    def check(self, cluster, verdict) -> None:
        """Each acknowledged request is one run, and has ended well."""
        done = {str(one) for (one,) in cluster.rows("SELECT id FROM rota_run WHERE state = 'succeeded'")}
        lost = [one for one in self.acknowledged if one not in done]
        verdict.expect(not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged requests are lost")
        doubled = len(self.acknowledged) - len(set(self.acknowledged))
        verdict.expect(doubled == 0, f"{doubled} requests share a run")
