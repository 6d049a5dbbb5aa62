"""What every text of a timetable must be, before it is read."""

from __future__ import annotations

from rota.errors import InvalidTimetable

LONGEST_TEXT = 256


def checked_text(text: object) -> str:
    """Return `text` without blanks around it. Blanks are spaces and tabs; only ASCII is accepted.

    Raises:
        InvalidTimetable: It is no str, is empty, too long, or holds another white space, a control
            character, or a character outside ASCII.
    """
    if not isinstance(text, str):
        raise InvalidTimetable(
            text, "type", type(text).__name__, "is not text", expected="str", hint="write it as a str"
        )
    if len(text) > LONGEST_TEXT:
        raise InvalidTimetable(
            text, "length", len(text), f"is over {LONGEST_TEXT} characters", expected=f"1-{LONGEST_TEXT}"
        )
    if not (text.isascii() and text.isprintable()):
        _refuse_odd_character(text)
    stripped = text.strip(" \t")
    if not stripped:
        raise InvalidTimetable(
            text, "text", "", "is empty", hint="write one like '*/5 * * * *' or 'daily 02:00'"
        )
    return stripped


def _refuse_odd_character(text: str) -> None:
    for at, character in enumerate(text, 1):
        if character != "\t" and not " " <= character <= "~":
            raise InvalidTimetable(
                text,
                "character",
                f"{character!a} at position {at}",
                "is not accepted",
                expected="printable ASCII, spaces and tabs",
                hint="use ASCII letters, digits and signs, with spaces or tabs between",
            )
