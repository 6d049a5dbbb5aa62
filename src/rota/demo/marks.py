"""A mark and a colour for each word: never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

_LOOKS = {
    # word: (mark, mark in ASCII, style)
    "on time": ("●", "o", "green"),
    "running": ("▶", ">", "cyan"),
    "started": ("▶", ">", "cyan"),
    "progress": ("▶", ">", "cyan"),
    "succeeded": ("✓", "+", "green"),
    "retrying": ("↻", "~", "yellow"),
    "skipped": ("»", "-", "yellow"),
    "missed": ("○", "-", "yellow"),
    "late": ("◔", "!", "yellow"),
    "paused": ("‖", "=", "yellow"),
    "lost": ("†", "!", "red"),
    "failing": ("✗", "x", "red"),
    "failed": ("✗", "x", "red"),
    "expired": ("✗", "x", "red"),
    "problem": ("✗", "x", "red"),
    "broken": ("✗", "x", "red"),
    "cancelled": ("■", "x", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks that a terminal can show."""

    ascii_only: bool = False

    def of(self, word: str) -> str:
        """Return the mark of a word."""
        mark, plain, _ = _LOOKS.get(word, ("·", ".", ""))
        return plain if self.ascii_only else mark

    def style(self, word: str) -> str:
        """Return the colour of a word."""
        return _LOOKS.get(word, ("", "", "dim"))[2]

    def said(self, word: str) -> Text:
        """Return the mark and the word, in its colour."""
        return Text(f"{self.of(word)} {word}", self.style(word))
