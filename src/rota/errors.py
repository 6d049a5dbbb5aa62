"""Every error Rota raises on purpose. Each builds its own message and carries its facts as attributes."""

from __future__ import annotations


class RotaError(Exception):
    """Base of every error Rota raises on purpose."""


class InvalidValue(RotaError, ValueError):
    """A value was refused: nothing was stored or changed.

    Attributes:
        field: What the value was given for, such as `"retries"` or `"day-of-week"`.
        value: The offending value.
        expected: The accepted range or form, in words.
        hint: What to write instead, or `""`.
    """

    def __init__(self, field: str, value: object, expected: str, hint: str = "") -> None:
        self.field, self.value, self.expected, self.hint = field, value, expected, hint
        shown = repr(value)
        if len(shown) > 120:
            shown = f"{shown[:117]}..."
        super().__init__(f"{field}: {shown} is refused; {expected}.{' ' + hint if hint else ''}")
