"""Who did what, when, why, and from where; and taking it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rota.core.records import AuditLine
from rota.errors import Conflict, InvalidValue
from rota.operations.actor import Role
from rota.operations.history import audit as latest
from rota.operations.masking import masked
from rota.operations.reverting import audit_line, revert, reverted
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.filters import moment
from rota.web.ui.told import tell

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
            "is_reverted": lambda line: reverted(line) is not None,
            "more": min(limit * 4, MOST) if len(lines) == limit < MOST else None,
        }

    return call.app.pages.live(call, "audit.html", make)


@ROUTES.get("/audit/revert", Role.OPERATOR, name="audit.revert")
def plan(call: Call) -> Response:
    """Say what reverting a change would put back."""
    return _plan_page(call, call.request.args)


@ROUTES.post("/audit/revert", Role.OPERATOR, name="audit.revert_it")
def revert_it(call: Call) -> Response:
    """Put back what was before a change."""
    line = _line(call, call.request.form)
    try:
        result = revert(call.rota, line.subject, line.at, call.actor, forms.reason(call))
    except (Conflict, InvalidValue):
        return _plan_page(call, call.request.form)
    [effect] = result.effects
    text = f"{line.subject}: {effect.detail}."
    here = call.url("audit", subject=line.subject)
    return tell(call, here, text, "good" if effect.done else "warn")


def _line(call: Call, given: Any) -> AuditLine:
    """Return the line that is named. Raises `UnknownLine`, `InvalidValue`."""
    at = moment("at", given.get("at", "")[:64])
    if at is None:
        raise InvalidValue("at", "none", "say which line: when it was written")
    return audit_line(call.rota, given.get("subject", "")[:256], at)


def _plan_page(call: Call, given: Any) -> Response:
    """Draw what reverting would do, or why it can not be done."""
    line, problem, effect = _line(call, given), None, None
    try:
        [effect] = revert(call.rota, line.subject, line.at, call.actor, dry_run=True).effects
    except (Conflict, InvalidValue) as error:
        problem = str(error)
    return call.app.pages.page(
        call,
        "revert.html",
        409 if problem else 200,
        line=line,
        effect=effect,
        problem=problem,
        back=list(differences(line.after, line.before)),
    )


def _href(call: Call, line: AuditLine) -> str:
    """Return the page of what a line is about: a run by its id, else whatever else the audit says of it."""
    is_run = len(line.subject) == 36 and line.subject.count("-") == 4
    return call.url("run", run_id=line.subject) if is_run else call.url("audit", subject=line.subject)
