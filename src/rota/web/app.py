"""The face as one WSGI application: find the route, ask who calls, call the handler, answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request, Response

from rota.errors import RotaError
from rota.web import api, ui
from rota.web.auth.gate import Gate
from rota.web.auth.limiter import Limiter
from rota.web.call import Call
from rota.web.faults import Fault, fault_of
from rota.web.identity import Identify, Standing
from rota.web.inputs import inputs_of
from rota.web.prefix import Prefix
from rota.web.respond import json_response, problem, secured, tagged
from rota.web.routing import Route, Table, is_of_programs

if TYPE_CHECKING:
    from rota.app import Rota

log = logging.getLogger("rota.web")
LARGEST_BODY = 1024 * 1024


class Body(Request):
    """A request whose body is refused before it is read when it is larger than any of ours."""

    max_content_length = LARGEST_BODY
    max_form_memory_size = LARGEST_BODY


class WebApp:
    """The admin UI and the REST API of one rota.

    Args:
        identify: How the host application says who is calling. `None`: users of the store sign in.
        standing: With `identify`: how the host says what one of its users may do now, for tokens that this
            user has made. `None`: a token is good until it runs out or is revoked.
        compat: Answer the paths of older systems, too; default: the setting `web_compat`.
        one_time_token: Lets its bearer in once, as an administrator: for a first look on this machine.
    """

    def __init__(
        self,
        rota: Rota,
        identify: Identify | None = None,
        *,
        standing: Standing | None = None,
        compat: bool | None = None,
        one_time_token: str | None = None,
    ) -> None:
        self.rota = rota
        with_compat = rota.settings.web_compat if compat is None else compat
        parts = [*api.PARTS, *ui.PARTS, *(api.COMPAT if with_compat else ())]
        self.table = Table(*parts)
        self.gate = Gate(rota, identify, one_time_token, standing)
        self.pages = ui.Pages(self)
        self.limiter = Limiter()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answered: Iterable[bytes] = self._outermost(environ, start_response)
        return answered

    @cached_property
    def _outermost(self) -> Any:
        hops = self.rota.settings.web_proxies
        if not hops:
            return self._wsgi
        # Only then: anyone may send these headers who reaches us directly.
        return ProxyFix(Prefix(self._wsgi, hops), x_for=hops, x_proto=hops, x_host=hops)

    def _wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Body(environ)
        response = secured(self.respond(request))
        answered: Iterable[bytes] = response(environ, start_response)
        return answered

    def respond(self, request: Request) -> Response:
        """Answer one request. Nothing is raised: what went wrong is the answer."""
        fail = partial(self._failed, request, None)
        try:
            adapter = self.table.bind(request.environ)
            fail = partial(self._failed, request, adapter)
            name, values = adapter.match()
            call = Call(self, request, self.table.routes[name], adapter)
            return self._handled(call, values)
        except Fault as fault:
            return fail(fault)
        except (RotaError, HTTPException) as error:
            if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
                return Response("", error.code, dict(error.get_headers()))
            return fail(fault_of(error))
        except Exception:
            log.exception("a request failed", extra={"method": request.method, "path": request.path})
            return fail(Fault(500, "internal", "Something went wrong here; the log of the server says what."))

    def _handled(self, call: Call, values: dict[str, Any]) -> Response:
        refusal = self.gate.admit(call)
        if refusal is not None:
            return refusal
        route = call.route
        try:
            answer = route.handler(call, **values, **inputs_of(route, call.request))
        finally:
            if route.method != "GET":
                self.pages.recent.clear()
        response = answer if isinstance(answer, Response) else self._json(call, route, answer)
        response.headers.extend(call.headers)
        return response

    def _json(self, call: Call, route: Route, answer: Any) -> Response:
        if answer is None:
            return Response(status=204)
        response = json_response(answer, route.status)
        if route.method == "GET":
            revision = answer.get("revision") if isinstance(answer, dict) else None
            return tagged(call.request, response, revision)
        return response

    def _failed(self, request: Request, adapter: Any, fault: Fault) -> Response:
        if adapter is None or is_of_programs(request.path):
            return problem(fault)
        return self.pages.failed(request, adapter, fault)
