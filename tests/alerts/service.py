"""A service that alerts are posted to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Service(ThreadingHTTPServer):
    """Keeps what is posted to it; how it answers is in the path: `/ok`, `/moved`, `/broken`, `/huge`."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def messages(self) -> list[str]:
        """What arrived, each as title and text."""
        return [f"{body['title']}\n{body['message']}" for _, body in self.posted]

    def url(self, path: str = "/ok") -> str:
        return f"json://127.0.0.1:{self.server_port}{path}"


class Answer(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append((self.path, body))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        else:
            self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        if self.path == "/huge":
            self.wfile.write(b"x" * 2_000_000)

    def log_message(self, *args: Any) -> None: ...


@contextmanager
def serving() -> Iterator[Service]:
    """Serve while the block lasts."""
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
