"""Those who call the face, and what each answer is checked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.test import Client

from rota import daily, every
from rota.operations.actor import Actor, Role
from rota.testing.sim import Sim
from rota.web import WebApp
from rota.web.respond import HEADERS
from rota.web.routing import is_of_programs

NOTHING = object()
ADDRESS = "192.0.2.7"
ROOT = Actor("root", Role.ADMIN, "test")
PLAIN = "correct horse battery"


@dataclass
class Caller:
    """A program that calls the API. Each answer has the headers, the form and the type that it should."""

    app: WebApp
    secret: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: Any = NOTHING, code: int = 200, **options: Any) -> Any:
        """Return the response; it must have this status."""
        headers = {**self.headers, **options.pop("headers", {})}
        if self.secret is not None:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        if body is not NOTHING:
            options["json"] = body
        client = Client(self.app, use_cookies=False)
        response = client.open(
            path, method=method, headers=headers, environ_base={"REMOTE_ADDR": ADDRESS}, **options
        )
        assert response.status_code == code, f"{method} {path}: {response.status} {response.text[:500]}"
        self._check(method, path, response)
        return response

    def _check(self, method: str, path: str, response: Any) -> None:
        assert set(HEADERS) <= set(response.headers.keys())
        plain = response.request.path
        if response.status_code >= 400 and is_of_programs(plain) and method != "HEAD":
            if response.status_code == 503 and "error" not in response.json:
                return  # what a probe reads
            error = response.json["error"]
            assert set(response.json) == {"error"}
            assert set(error) == {"code", "message", "field", "hint"}
            assert error["code"]
            assert error["message"]
        elif response.status_code < 300 and response.mimetype == "application/json":
            name, _ = self.app.table.bind(response.request.environ).match(method=method)
            answer = self.app.table.routes[name].answer
            if answer is not None:
                assert msgspec.convert(response.json, answer) == response.json  # and nothing beside it

    def get(self, path: str, code: int = 200, **options: Any) -> Any:
        return self("GET", path, code=code, **options).json

    def post(self, path: str, body: Any = NOTHING, code: int = 200, **options: Any) -> Any:
        return self("POST", path, body, code, **options).json

    def put(self, path: str, body: Any, code: int = 200, **options: Any) -> Any:
        return self("PUT", path, body, code, **options).json

    def patch(self, path: str, body: Any, code: int = 200, **options: Any) -> Any:
        return self("PATCH", path, body, code, **options).json

    def delete(self, path: str, code: int = 204, **options: Any) -> Any:
        return self("DELETE", path, code=code, **options)

    def refused(self, method: str, path: str, body: Any = NOTHING, code: int = 400, **options: Any) -> Any:
        """Return the error that a call is answered with."""
        return self(method, path, body, code, **options).json["error"]


def fill(sim: Sim) -> None:
    """Declare `nightly` at 02:00, `often` every hour, taking a minute, and `mails`, with a secret."""

    @sim.rota.task(name="mail")
    def mail(to: str = "all", password: str = "", options: dict[str, Any] | None = None) -> None:
        """Send mail."""

    sim.declare("nightly", daily("02:00"))
    sim.declare("often", every("1h"), takes=timedelta(minutes=1), task={"tags": ["traffic"]})
    sim.rota.schedule(mail, daily("06:00"), name="mails", args={"password": "hunter2"})
    sim.rota.sync()
