"""A small TCP proxy in front of PostgreSQL that cuts, delays and swallows.

It reads just enough of the protocol to know a commit: the word in what the client sends. One thread per
direction of a connection.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What the proxy does now. May be changed at any time.

    Attributes:
        kill: Probability that a connection is closed before a message of the client is forwarded.
        cut: Probability that it is closed after a request was forwarded and carried out, before the answer
            is passed on: the client does not know the outcome. Of a COMMIT four times as often.
        delay: Seconds that each message of the client waits.
        silent: Nothing is forwarded, and nothing is closed: the connections are half-open.
    """

    kill: float = 0.0
    cut: float = 0.0
    delay: float = 0.0
    silent: bool = False


@dataclass
class Counts:
    """How often something was done."""

    connections: int = 0
    kills: int = 0
    cuts: int = 0
    commits_cut: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, what: str) -> None:
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)


class Proxy:
    """Listens on a port of the loopback, and forwards to another one."""

    def __init__(self, target: int, seed: int = 0) -> None:
        self.faults, self.counts = Faults(), Counts()
        self._target, self._chance = target, random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: set[Pair] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._thread.start()

    def draws(self, probability: float) -> bool:
        with self._lock:
            return self._chance.random() < probability

    def reset(self) -> None:
        """Close every connection."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.close()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.reset()
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.join()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:  # the server is down: so is what leads to it
                client.close()
                continue
            server.settimeout(None)
            self.counts.add("connections")
            pair = Pair(self, client, server)
            with self._lock:
                self._pairs.add(pair)
            pair.start()

    def forget(self, pair: Pair) -> None:
        with self._lock:
            self._pairs.discard(pair)


class Pair:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._cutting = self._commits = False
        self._left = 2
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._pump, args=(client, server, self._on_request), daemon=True),
            threading.Thread(target=self._pump, args=(server, client, self._on_answer), daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Break both connections; the threads then end."""
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pump(self, source: socket.socket, sink: socket.socket, look) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not look(data):
                    break
                while self._proxy.faults.silent:
                    time.sleep(0.05)
                sink.sendall(data)
        self.close()
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            self._client.close()
            self._server.close()
            self._proxy.forget(self)

    def _on_request(self, data: bytes) -> bool:
        """Say whether to forward what the client sends."""
        faults = self._proxy.faults
        if faults.delay:
            time.sleep(faults.delay)
        if faults.kill and self._proxy.draws(faults.kill):
            self._proxy.counts.add("kills")
            return False
        self._commits = b"COMMIT" in data
        self._cutting = bool(faults.cut) and self._proxy.draws(faults.cut * (4 if self._commits else 1))
        return True

    def _on_answer(self, data: bytes) -> bool:
        """Say whether to pass on what the server answers."""
        if not self._cutting:
            return True
        self._proxy.counts.add("cuts")
        if self._commits:
            self._proxy.counts.add("commits_cut")
        return False
