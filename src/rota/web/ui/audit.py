"""Who did what, when, why, and from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rota.core.records import AuditLine
from rota.operations.actor import Role
from rota.operations.history import audit as latest
from rota.operations.masking import masked
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()
PAGE, MOST, LONGEST = 50, 500, 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that an operation changed; `None`: it was not there."""

    field: str
    before: str | None
    after: str | None


def differences(before: Any, after: Any) -> Iterator[Difference]:
    """Yield what differs between two values, field by field; secrets are masked."""
    before, after = masked(before), masked(after)
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        if before != after:
            yield Difference("", _text(before), _text(after))
        return
    old: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    new: Mapping[str, Any] = after if isinstance(after, Mapping) else {}
    for field in dict.fromkeys([*old, *new]):
        if (field in old, old.get(field)) != (field in new, new.get(field)):
            yield Difference(
                field,
                _text(old[field]) if field in old else None,
                _text(new[field]) if field in new else None,
            )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


@ROUTES.get("/audit", Role.VIEWER, name="audit")
def audit(call: Call) -> Response:
    """List the latest operations, of one subject if it is named."""
    given = call.request.args
    subject = given.get("subject", "").strip()[:256]
    asked = given.get("limit", "")
    limit = min(max(int(asked), 1), MOST) if asked.isdecimal() and len(asked) < 6 else PAGE

    def make(now: datetime) -> dict[str, Any]:
        lines = latest(call.rota, subject or None, limit)
        return {
            "lines": lines,
            "subject": subject,
            "differences": lambda line: list(differences(line.before, line.after)),
            "href": lambda line: _href(call, line),
            "more": min(limit * 4, MOST) if len(lines) == limit < MOST else None,
        }

    return call.app.pages.live(call, "audit.html", make)


def _href(call: Call, line: AuditLine) -> str:
    """Return the page of what a line is about: a run by its id, else whatever else the audit says of it."""
    is_run = len(line.subject) == 36 and line.subject.count("-") == 4
    return call.url("run", run_id=line.subject) if is_run else call.url("audit", subject=line.subject)
