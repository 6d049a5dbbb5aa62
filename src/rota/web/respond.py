"""Responses: JSON and HTML with tags that let a poll be answered by 304, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from rota.operations.shapes import seconds, utc
from rota.web.faults import Fault

JSON = "application/json"
HTML = "text/html; charset=utf-8"
# Nothing from elsewhere, nothing inline, no frame, and forms only to ourselves.
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " object-src 'none'"
)
# Of the conditions of HTTP a read obeys this one alone: `If-Match` is for edits.
CONDITIONS = ("REQUEST_METHOD", "HTTP_IF_NONE_MATCH")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def secured(response: Response) -> Response:
    """Add the headers that every answer carries."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def to_json(value: Any) -> bytes:
    """Write what a handler answers: instants as UTC text, durations in seconds."""
    return msgspec.json.encode(value, enc_hook=_written)


def _written(value: Any) -> Any:
    if isinstance(value, timedelta):
        return seconds(value)
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(f"a {type(value).__name__} is no JSON")


def json_response(value: Any, status: int = 200) -> Response:
    return Response(to_json(value), status, mimetype=JSON)


def tagged(request: Request, response: Response, revision: int | None = None) -> Response:
    """Give the answer to a read a tag made of what it says, and answer 304 if the caller has it already.

    With `revision`, the tag begins with it: it is what `If-Match` of an edit is compared with.
    """
    digest = blake2b(response.get_data(), digest_size=12).hexdigest()
    response.set_etag(digest if revision is None else f"{revision}-{digest}")
    response.headers["Cache-Control"] = "private, no-cache"
    asked = {name: request.environ[name] for name in CONDITIONS if name in request.environ}
    return response.make_conditional(asked)


def expected_revision(request: Request) -> int | None:
    """Return the revision that an edit is meant for, from `If-Match`.

    Raises:
        Fault: The header names nothing that an answer of ours carried.
    """
    match = request.if_match
    if not match or match.star_tag:
        return None
    tags = match.as_set(include_weak=True)
    # An empty tag is `None` there.
    heads = {(tag or "").removeprefix("W/").strip('"').partition("-")[0] for tag in tags}
    if len(heads) == 1 and (head := heads.pop()).isdecimal() and len(head) < 10:
        return int(head)
    raise Fault(
        400, "invalid", f"If-Match: {request.headers.get('If-Match', '')[:80]!r} is no tag of a schedule",
        "If-Match", "Send the ETag that a GET of the schedule answered.",
    )  # fmt: skip


def problem(fault: Fault) -> Response:
    """Answer a program with an error."""
    response = json_response(fault.as_json(), fault.status)
    response.headers.extend(dict(fault.headers))
    return response
