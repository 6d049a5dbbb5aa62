"""A clock that moves only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def instant(text: str | datetime) -> datetime:
    """Return an instant from ISO text; without an offset it is UTC."""
    value = datetime.fromisoformat(text) if isinstance(text, str) else text
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class VirtualClock:
    """Tells the time that it was set to. Give it to a rota: `Rota("shop", clock=clock)`.

    Args:
        start: ISO text or aware datetime.
    """

    def __init__(self, start: str | datetime = "2026-01-01 00:00") -> None:
        self._now = instant(start)

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def move_to(self, at: str | datetime) -> None:
        """Set the time. It never goes back: an earlier one leaves it as it is."""
        self._now = max(self._now, instant(at))

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.move_to(self._now + span)
