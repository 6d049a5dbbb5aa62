"""A mark and a colour for each word: never a colour alone."""

from __future__ import annotations

from rich.text import Text

_LOOKS = {
    # word: (mark, style)
    "on time": ("●", "green"),
    "running": ("▶", "cyan"),
    "succeeded": ("✓", "green"),
    "retrying": ("↻", "yellow"),
    "skipped": ("»", "yellow"),
    "missed": ("○", "yellow"),
    "late": ("◔", "yellow"),
    "paused": ("‖", "yellow"),
    "cancelled": ("■", "yellow"),
    "lost": ("†", "red"),
    "failing": ("✗", "red"),
    "failed": ("✗", "red"),
    "expired": ("✗", "red"),
    "problem": ("✗", "red"),
    "broken": ("✗", "red"),
}
_OTHER = ("·", "dim")


def marked(word: str, said: str | None = None) -> Text:
    """Return the mark of a word and the word, or what is `said` in its place, in its colour."""
    mark, style = _LOOKS.get(word, _OTHER)
    return Text(f"{mark} {word if said is None else said}", style)
