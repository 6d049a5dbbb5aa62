"""Typed input: the query and the body of a request as the records that its route names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from rota.web.faults import Fault
from rota.web.routing import Route

DEPTH = 40  # arguments may be nested to 32; around them lies the request
# What instants of a request lie within: arithmetic with them, in any zone, stays within what Python can say.
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_PATH = re.compile(r" - at `\$\.?(.*?)`$")


def inputs_of(route: Route, request: Request) -> dict[str, Any]:
    """Return `query` and `body`, as far as the route takes them.

    Raises:
        Fault: A value is missing, unknown or of the wrong type; names it.
    """
    found: dict[str, Any] = {}
    if route.query is not None:
        found["query"] = _query(route.query, request)
    elif route.is_api:
        _no_others(request, ())
    if route.body is not None:
        found["body"] = _body(route.body, request)
    return found


def _query(kind: Any, request: Request) -> Any:
    fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    _no_others(request, tuple(fields))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if given := request.args.getlist(name):
            is_list = msgspec.inspect.type_info(kind) and _is_list(field.type)
            values[name] = (
                [part for one in given for part in one.split(",") if part] if is_list else given[-1]
            )
    return _converted(values, kind, strict=False)


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) in (list, tuple)


def _no_others(request: Request, names: tuple[str, ...]) -> None:
    for name in request.args:
        if name not in names:
            known = f"Known are: {', '.join(names)}." if names else "There are none here."
            raise Fault(400, "invalid", f"{name[:80]}: there is no such parameter", name[:80], known)


def _body(kind: Any, request: Request) -> Any:
    if request.mimetype != "application/json":
        raise Fault(
            415, "unsupported_media_type", f"the body is {request.mimetype or 'of no type'}, not JSON",
            "Content-Type", "Send application/json.",
        )  # fmt: skip
    data = request.get_data()
    try:
        value = msgspec.json.decode(data or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(400, "invalid", f"the body is no JSON: {error}") from error
    if _is_deeper(value, DEPTH):
        raise Fault(400, "invalid", f"the body is nested deeper than {DEPTH}")
    return _converted(value, kind, strict=True)


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        inner: list[Any] = []
        for one in level:
            inner += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if not inner:
            return False
        level = inner
    return True


def _converted(value: Any, kind: Any, *, strict: bool) -> Any:
    try:
        made = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _PATH.search(text)
        field = found[1] if found else None
        what = _PATH.sub("", text)
        raise Fault(400, "invalid", f"{field}: {what}" if field else what, field) from error
    for name in made.__struct_fields__:
        if isinstance(at := getattr(made, name), datetime):
            setattr(made, name, in_range(name, at))
    return made


def in_range(field: str, at: datetime) -> datetime:
    """Return an instant in UTC.

    Raises:
        Fault: It has no zone, or lies where arithmetic with it would leave what a datetime can say.
    """
    if at.tzinfo is None:
        raise Fault(400, "invalid", f"{field}: {at.isoformat()} has no zone", field, "End it with Z.")
    if not FIRST <= at <= LAST:
        raise Fault(
            400, "invalid", f"{field}: {at.isoformat()} is not from {FIRST.year} to {LAST.year}", field
        )
    return at.astimezone(UTC)
