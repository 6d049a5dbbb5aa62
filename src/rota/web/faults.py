"""What errors become: a status, and one form of words for programs and for people."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.exceptions import HTTPException

from rota.errors import (
    Conflict,
    DuplicateName,
    InvalidValue,
    NotEnded,
    NotPermitted,
    RotaError,
    SchemaOutdated,
    StoreUnavailable,
    UnknownName,
)
from rota.operations.draining import DeadNode

RETRY_SECONDS = 5


@dataclass(eq=False)
class Fault(Exception):
    """A request that is answered with an error.

    Attributes:
        code: For programs: never changes its meaning.
        message: What was wrong, where, and with which value.
        field: The part of the request that was wrong.
        hint: What to do.
    """

    status: int
    code: str
    message: str
    field: str | None = None
    hint: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, dict[str, str | None]]:
        return {"error": {"code": self.code, "message": self.message, "field": self.field, "hint": self.hint}}


def fault_of(error: RotaError | HTTPException) -> Fault:
    """Return how an error is answered."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    message = str(error)
    if isinstance(error, StoreUnavailable | SchemaOutdated):
        code = "store_unavailable" if isinstance(error, StoreUnavailable) else "schema_outdated"
        return Fault(503, code, message, headers=(("Retry-After", str(RETRY_SECONDS)),))
    if isinstance(error, NotPermitted):
        return Fault(403, "not_permitted", message)
    if isinstance(error, UnknownName):
        return Fault(404, "not_found", message)
    if isinstance(error, Conflict | DuplicateName | DeadNode | NotEnded):
        return Fault(409, "conflict", message)
    if isinstance(error, InvalidValue):
        return Fault(400, "invalid", message, error.field, error.hint or None)
    return Fault(400, "refused", message)


_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    431: "headers_too_large",
}


def _of_http(error: HTTPException) -> Fault:
    status = error.code or 500
    headers = tuple(
        (name, value) for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")
    )
    return Fault(status, _CODES.get(status, "refused"), error.description or error.name, headers=headers)
