"""How often somebody may fail to sign in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from rota.errors import RotaError

FREE, LONGEST = 5, timedelta(minutes=15)
KEPT = 10_000  # names and addresses


class TooManyAttempts(RotaError):
    """Somebody has failed to sign in too often.

    Attributes:
        wait: When to try again, at the earliest.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        seconds = -(-wait // timedelta(seconds=1))
        super().__init__(f"too many attempts to sign in have failed. Try again in {seconds} s.")


class Limiter:
    """Lets a name, and an address, fail five times; then each further attempt waits twice as long.

    The wait after the n-th failure is `2 ** (n - 5)` seconds, up to 15 minutes, and is forgotten after a
    success. Known to this process only: behind several processes an attacker has as many times the attempts.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, keys: tuple[str, ...], now: datetime) -> None:
        """Raise `TooManyAttempts` if one of `keys` has to wait."""
        with self._lock:
            until = [self._until(key) for key in keys if key in self._failures]
        late = max((one for one in until if one > now), default=None)
        if late is not None:
            raise TooManyAttempts(late - now)

    def _until(self, key: str) -> datetime:
        count, at = self._failures[key]
        if count < FREE:
            return at
        return at + min(timedelta(seconds=1 << min(count - FREE, 30)), LONGEST)

    def failed(self, keys: tuple[str, ...], now: datetime) -> None:
        with self._lock:
            for key in keys:
                count, at = self._failures.pop(key, (0, now))
                fresh = now - at > LONGEST
                self._failures[key] = (1 if fresh else count + 1, now)
            while len(self._failures) > KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
