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


class InvalidPolicy(InvalidValue):
    """A value of a policy is out of range, or of the wrong kind."""


class StoreUnavailable(RotaError):
    """The store can not be reached, or did not answer in time. What was asked may be asked again.

    Attributes:
        url: The store, without its password.
        problem: What the database said.
    """

    def __init__(self, url: str, problem: str) -> None:
        self.url, self.problem = url, problem
        super().__init__(f"the store {url} can not be used now: {problem}. Rota goes on as soon as it answers.")


class SchemaOutdated(RotaError):
    """The store's schema is older, or newer, than this release of Rota.

    Attributes:
        url: The store, without its password.
        found, wanted: Numbers of the last schema step: in the store, and of this release.
    """

    def __init__(self, url: str, found: int, wanted: int) -> None:
        self.url, self.found, self.wanted = url, found, wanted
        todo = "Run `rota migrate`." if found < wanted else "Upgrade Rota on this node."
        super().__init__(f"the store {url} has schema step {found}, this release needs {wanted}. {todo}")
