"""Drawing pages: the templates, and what each of them knows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.wrappers import Request, Response

from rota._version import __version__
from rota.operations.actor import Role
from rota.web.faults import Fault
from rota.web.identity import Identity
from rota.web.respond import HTML, tagged
from rota.web.ui import formats
from rota.web.ui.files import version
from rota.web.ui.recent import Recent
from rota.web.ui.strip import drawn
from rota.web.ui.told import Told, taken

if TYPE_CHECKING:
    from rota.web.app import WebApp
    from rota.web.call import Call


# Route, label, and the key after `g`.
NAVIGATION = (
    ("overview", "Overview", "o"),
    ("schedules", "Schedules", "s"),
    ("timeline", "Timeline", "t"),
    ("runs", "Runs", "r"),
    ("errors", "Errors", "e"),
    ("nodes", "Nodes", "n"),
    ("audit", "Audit", "a"),
    ("settings", "Settings", "c"),
)


SOME_RUN = "00000000-0000-0000-0000-000000000000"


class Pages:
    """Draws the pages of one application."""

    def __init__(self, app: WebApp) -> None:
        self._app = app
        self.recent = Recent(lambda: app.rota.store.version())
        # Stand for what differs from one viewer to another, in pages that several share. Nobody can guess
        # them, so that no text of a run is taken for one.
        mark = secrets.token_hex(12)
        self._name, self._csrf, self._told = (f"{mark}-{part}" for part in ("name", "csrf", "told"))

    @cached_property
    def _environment(self) -> Environment:
        made = Environment(
            loader=PackageLoader("rota.web.ui"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters.update(formats.FILTERS, drawn=drawn)
        made.globals.update(rota_version=__version__)
        return made

    def page(self, call: Call, template: str, status: int = 200, **values: Any) -> Response:
        """Draw a page for whoever calls. A read is tagged: a poll that finds nothing new costs little."""
        now = values.pop("now", None) or self._now()
        known = self._known(call.adapter, call, call.identity)
        told = self._drawn(taken(call), known)
        drawn = self._draw(template, known, now=now, call=call, told=told, **values)
        response = Response(drawn, status, content_type=HTML)
        return tagged(call.request, response) if status == 200 and call.request.method == "GET" else response

    def live(self, call: Call, template: str, make: Callable[[datetime], Mapping[str, Any]]) -> Response:
        """Draw a page that many look at again and again: what it shows may be a moment old.

        Args:
            make: Returns what the template shows; not called while the last page is recent, nor while nothing
                has changed in the store.
        """
        identity, now = call.identity, self._now()
        assert identity is not None
        shared = Identity(
            name=self._name, role=identity.role, session=identity.session and "shared",
            csrf=None if identity.csrf is None else self._csrf,
        )  # fmt: skip

        def draw() -> str:
            known = self._known(call.adapter, call, shared)
            return self._draw(template, known, now=now, call=call, told=self._told, **make(now))

        request = call.request
        key = (request.full_path, request.root_path, request.host, shared.role, shared.session, shared.csrf)
        text = self.recent.get(key, now, draw)
        own = {self._name: escape(identity.name), self._csrf: escape(identity.csrf or "")}
        for mark, value in {
            **own,
            self._told: self._drawn(taken(call), self._known(call.adapter, call, identity)),
        }.items():
            text = text.replace(mark, str(value))
        return tagged(request, Response(text, content_type=HTML))

    def _drawn(self, told: Told | None, known: Mapping[str, Any]) -> Markup:
        if told is None or not told.text:
            return Markup("")
        drawn = self._environment.get_template("_told.html").render(**known, told=told)
        return Markup(drawn)  # noqa: S704 - escaped there

    def failed(self, request: Request, adapter: Any, fault: Fault) -> Response:
        """Draw what went wrong."""
        known = self._known(adapter, None, None)
        drawn = self._draw("failed.html", known, now=datetime.now(UTC), call=None, told="", fault=fault)
        response = Response(drawn, fault.status, content_type=HTML)
        response.headers.extend(dict(fault.headers))
        return response

    def _now(self) -> datetime:
        return self._app.rota.clock.now()

    def _draw(self, template: str, known: dict[str, Any], **values: Any) -> str:
        return self._environment.get_template(template).render(**known, **values)

    def _known(self, adapter: Any, call: Call | None, identity: Identity | None) -> dict[str, Any]:
        role = identity.role if identity is not None else None

        def url(name: str, /, **parts: Any) -> str:
            return str(adapter.build(name, {key: value for key, value in parts.items() if value is not None}))

        # Built once: a page links to thousands of runs.
        run = url("run", run_id=SOME_RUN)

        return {
            "schedule_url": lambda name: url("schedule", name=name),
            "rota_name": self._app.rota.name,
            "identity": identity,
            "csrf_field": _csrf_field(identity),
            "may_operate": role is not None and role >= Role.OPERATOR,
            "may_administer": role is not None and role >= Role.ADMIN,
            "has_sign_in": self._app.gate.has_sign_in,
            "navigation": NAVIGATION,
            "url": url,
            "run_address": lambda run_id: run.replace(SOME_RUN, run_id),
            "static": lambda name: url("static", version=version(), name=name),
            "here": call.route.name if call is not None else "",
        }


def _csrf_field(identity: Identity | None) -> Markup:
    """Return what each form carries, so that no other site can send it."""
    if identity is None or identity.csrf is None:
        return Markup("")
    return Markup('<input type="hidden" name="csrf" value="{}">').format(identity.csrf)
