"""Hears what other processes tell through the database: one thread, one connection of its own."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from rota.stores.postgres.cursor import CHANNEL
from rota.stores.sql.database import TOPICS
from rota.stores.sql.wakeups import Hub

log = logging.getLogger("rota.stores")

AGAIN = 1.0  # seconds until a lost connection is tried again, doubled up to LONGEST
LONGEST = 30.0
TEST = "test"
TEST_WAIT = 5.0  # seconds within which the server must bring back what we tell ourselves


class Listener:
    """Turns notifications into announcements at a hub.

    Where they do not arrive, as through PgBouncer in transaction mode, it says so once and ends: the
    polling of the runtime goes on as ever.
    """

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]], hub: Hub, sender: str, url: str
    ) -> None:
        self._connect, self._hub, self._sender, self._url = connect, hub, sender, url
        self._process = os.getpid()
        self._stopping = threading.Event()
        self._awake, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="rota-listener", daemon=True)
        self._thread.start()

    @property
    def is_of_this_process(self) -> bool:
        return self._process == os.getpid() and not self._stopping.is_set()

    def close(self) -> None:
        if not self.is_of_this_process:
            return
        self._stopping.set()
        os.write(self._wake, b"x")
        self._thread.join()
        os.close(self._wake)
        os.close(self._awake)

    def _run(self) -> None:
        wait = AGAIN
        while not self._stopping.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    if not self._is_heard(connection):
                        log.warning("the store sends no notifications; polling", extra={"store": self._url})
                        return
                    wait = AGAIN
                    self._hub.announce(TOPICS)  # something may have been told while nobody listened
                    self._listen(connection)
            except psycopg.Error:
                self._stopping.wait(wait)
                wait = min(wait * 2, LONGEST)

    def _is_heard(self, connection: psycopg.Connection[Any]) -> bool:
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{self._sender} {TEST}"), prepare=False)
        for notify in connection.notifies(timeout=TEST_WAIT):
            if notify.payload == f"{self._sender} {TEST}":
                return True
            self._hear(notify.payload)
        return False

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stopping.is_set():
            select.select([connection.fileno(), self._awake], [], [])
            for notify in connection.notifies(timeout=0):
                self._hear(notify.payload)

    def _hear(self, payload: str) -> None:
        sender, _, topics = payload.partition(" ")
        if sender != self._sender:  # what we told was announced here already
            self._hub.announce(TOPICS_SET.intersection(topics.split()))


TOPICS_SET = frozenset(TOPICS)
