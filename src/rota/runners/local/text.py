"""Text that every store can hold, within a bound."""

from __future__ import annotations


def clean(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, without NUL and lone surrogates.

    Both are legal in Python and refused by databases; they are shown as escapes. The cut comes first, so
    that a text of any size costs little. `text` may be of a subclass with methods of its own.
    """
    cut = str.__getitem__(text, slice(0, limit + 1))
    if len(cut) <= limit and str.isascii(cut) and "\0" not in cut:
        return str.__str__(cut)
    if len(cut) > limit:
        cut = f"{cut[:limit]} ... (cut)"
    return str.encode(cut, "utf-8", "backslashreplace").decode().replace("\0", "\\x00")
