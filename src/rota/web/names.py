"""Names in addresses. A name may hold anything that can be printed, and a path can not carry all of that.

Most names stand in a path as they are. One that a proxy or browser would change on the way (`..`, `//`, a
slash at an end), or that would be read as something else (`reports/next`), is written `~` and the unpadded
base64url of its UTF-8.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Any

from werkzeug.routing import PathConverter

MARK = "~"
FRAGILE = ("", ".", "..")  # parts of a path that are normalised away


class NameConverter(PathConverter):
    """Reads and writes a name, slashes and all."""

    regex = ".+?"
    part_isolating = False
    # Last parts of paths that mean something behind a name, such as `next`; see `Table`.
    verbs: frozenset[str] = frozenset()

    def to_python(self, value: str) -> str:
        return decoded(value)

    def to_url(self, value: Any) -> str:
        text = str(value)
        parts = text.split("/")
        fragile = any(part in FRAGILE for part in parts) or text.startswith(MARK) or "\\" in text
        if fragile or (len(parts) > 1 and not self.verbs.isdisjoint(parts)):
            return encoded(text)
        return super().to_url(text)


def encoded(name: str) -> str:
    """Write a name in the form that every proxy leaves alone."""
    return MARK + urlsafe_b64encode(name.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    """Return the name that a path carries."""
    if not text.startswith(MARK):
        return text
    data = text.removeprefix(MARK)
    try:
        name = urlsafe_b64decode(data + "=" * (-len(data) % 4)).decode()
    except (NotBase64, ValueError):
        return text  # a name that somebody has typed as it is
    return name if encoded(name) == text else text
