"""What forms hold: the hidden token, a reason, an instant, and the revision that an edit was made for."""

from __future__ import annotations

from datetime import datetime, timedelta

from rota.errors import InvalidValue
from rota.operations.history import audit
from rota.operations.instants import read_instant, read_window
from rota.operations.why_run import said
from rota.web.call import Call

LONGEST_REASON = 500


def text(call: Call, name: str, most: int = 4000) -> str:
    """Return a field of the form as a person typed it. Raises `InvalidValue`."""
    value = call.request.form.get(name, "").strip()
    if len(value) > most:
        raise InvalidValue(name, f"{len(value)} characters", f"the most is {most}")
    return value


def reason(call: Call) -> str:
    return text(call, "reason", LONGEST_REASON)


def instant(call: Call, name: str, zone: str) -> datetime | None:
    """Return an instant as typed, local ones in `zone`; `None` for an empty field. Raises `InvalidValue`."""
    typed = text(call, name, 100)
    return read_instant(name, typed, call.rota.clock.now(), zone) if typed else None


def window(call: Call, zone: str) -> tuple[datetime | None, datetime | None]:
    """Return the `start` and the `until` of the form, as `instant` does; a span counts from the start on."""
    return read_window(text(call, "start", 100), text(call, "until", 100), call.rota.clock.now(), zone)


def revision(call: Call) -> int | None:
    """Return the revision that the form was drawn for."""
    given = text(call, "revision", 12)
    return int(given) if given.isdecimal() and given.isascii() else None


def who_changed(call: Call, name: str) -> str:
    """Say who changed a schedule last: for somebody whose own change came too late."""
    last = next(iter(audit(call.rota, name, 1)), None)
    if last is None:
        return "It has changed since you opened this page."
    ago = said(max(call.rota.clock.now() - last.at, timedelta(0)))
    return f"Changed {ago} ago by {last.actor} ({last.action}), after you opened this page."
