"""Slots: threads that take attempts from one queue and execute them, one after another.

Nothing is handed over run by run. The threads take from a shared deque, which is atomic and needs no
lock, and a thread sleeps only when it is empty. Few are awake at a time: threads that run short Python
bodies only take the interpreter from each other and from the thread that talks to the database. So one
thread drains, and another is woken when

- a thread is about to begin a body that takes long (as measured), and nobody else drains; or
- nothing has been taken for 10 ms, although there is something to take: a body took longer than expected.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from rota.runners.local.attempt import Attempt
from rota.runners.local.deadlines import Deadlines

log = logging.getLogger("rota.runner")
LONG = 0.001
STALL = 0.01


class Slot:
    """One thread of a pool.

    Attributes:
        bell: Held while the slot sleeps; released to wake it.
        leaving: It is to end after the body in hand: it was replaced, or the pool is closed.
        owned: What the executor keeps with the thread, such as a child process.
        free_at: When its last body ended; `None`: it has slept since.
    """

    __slots__ = ("bell", "free_at", "leaving", "owned", "thread")

    def __init__(self) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.leaving = False
        self.owned: object = None
        self.free_at: datetime | None = None
        self.thread: threading.Thread | None = None


class Pool:
    """Up to `size` threads, begun when they are needed."""

    def __init__(
        self,
        name: str,
        size: int,
        execute: Callable[[Attempt, Slot], None],
        deadlines: Deadlines,
        leave: Callable[[Slot], None] | None = None,
    ) -> None:
        self.slots: set[Slot] = set()
        self._name, self._size, self._execute, self._leave = name, size, execute, leave
        self._deadlines = deadlines
        self._ready: deque[Attempt] = deque()
        self._sleepers: deque[Slot] = deque()
        self._drainers: set[Slot] = set()  # awake, and not in a long body
        self._lock = threading.Lock()
        self._closed = False
        self._watched = False
        self._head: Attempt | None = None

    def submit(self, attempts: Sequence[Attempt]) -> None:
        self._ready.extend(attempts)
        drained = bool(self._drainers)
        if not drained:
            self._wake()
        if (drained or len(attempts) > 1) and not self._watched:
            self._watched = True
            self._head = None
            self._deadlines.add(STALL, self._watch)

    def withdraw(self, attempt: Attempt) -> bool:
        """Take back an attempt that no slot has taken. Whoever removes it from the deque has it."""
        while True:
            try:
                self._ready.remove(attempt)
                return True
            except ValueError:
                return False
            except IndexError:  # the deque changed while it was searched
                continue

    def replace(self, slot: Slot) -> None:
        """Count a slot no longer: its body does not end. It leaves once it does."""
        slot.leaving = True
        with self._lock:
            self.slots.discard(slot)
        self._drainers.discard(slot)
        if self._ready:
            self._wake()

    def close(self, seconds: float) -> None:
        """Let every thread end, and wait for those that do within `seconds`."""
        self._closed = True
        with self._lock:
            slots = list(self.slots)
        while self._sleepers:
            self._sleepers.pop().bell.release()
        until = monotonic() + seconds
        for slot in slots:
            if slot.thread is not None and slot.thread is not threading.current_thread():
                slot.thread.join(max(0.0, until - monotonic()))

    def _wake(self) -> bool:
        """Wake one slot, or begin one. `False`: all are awake."""
        try:
            slot = self._sleepers.pop()
        except IndexError:
            return self._begin()
        self._drainers.add(slot)
        slot.bell.release()
        return True

    def _begin(self) -> bool:
        with self._lock:
            if len(self.slots) >= self._size or self._closed:
                return False
            slot = Slot()
            slot.thread = threading.Thread(
                target=self._work, args=(slot,), name=f"rota-{self._name}-{len(self.slots) + 1}", daemon=True
            )
            self.slots.add(slot)
        self._drainers.add(slot)
        try:
            slot.thread.start()
        except RuntimeError:  # the system has no thread to give: those there are must do
            log.exception("no thread could be started", extra={"pool": self._name})
            self.slots.discard(slot)
            self._drainers.discard(slot)
            return False
        return True

    def _work(self, slot: Slot) -> None:
        take, execute = self._ready.popleft, self._execute
        while not slot.leaving:
            try:
                attempt = take()
            except IndexError:
                if not self._sleep(slot):
                    break
                continue
            is_long = attempt.known.pace > LONG
            if is_long:
                self._hand_over(slot)
            execute(attempt, slot)
            if is_long and not slot.leaving:
                self._drainers.add(slot)
        self._drainers.discard(slot)
        if self._leave is not None:
            self._leave(slot)

    def _hand_over(self, slot: Slot) -> None:
        """Let another thread drain while this one is in a long body."""
        self._drainers.discard(slot)
        if self._ready and not self._drainers:
            self._wake()

    def _sleep(self, slot: Slot) -> bool:
        """Sleep until there is something to take. `False`: the pool is closed."""
        slot.free_at = None
        self._drainers.discard(slot)
        self._sleepers.append(slot)
        # Whoever submitted before the line above saw no sleeper, and rang no bell: look once more.
        if self._ready or self._closed:
            try:
                self._sleepers.remove(slot)
                slot.bell.release()
            except ValueError:
                pass  # the bell has been rung
        slot.bell.acquire()
        if self._closed and not self._ready:
            return False
        self._drainers.add(slot)
        return True

    def _watch(self) -> None:
        """Wake another slot if the queue stands still. In the thread of the deadlines."""
        try:
            head = self._ready[0]
        except IndexError:
            self._watched = False
            if not self._ready:
                return
            self._watched, head = True, None
        # When all are awake there is nothing to watch: each takes the next as soon as it can.
        if head is not None and head is self._head and not self._wake():
            self._watched = False
            return
        self._head = head
        self._deadlines.add(STALL, self._watch)
