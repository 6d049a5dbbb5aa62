"""How values are written on pages."""

import re
from datetime import UTC, datetime

import pytest

from rota.web.ui.formats import between, breakable


@pytest.mark.parametrize(
    ("start", "until", "words"),
    [
        ("2026-11-29 01:00", "2026-11-29 03:00", "Sun 29 Nov 02:00 to 04:00 +01:00"),
        ("2026-11-28 22:00", "2026-11-29 03:00", "Sat 28 Nov 23:00 to Sun 29 Nov 04:00 +01:00"),
        ("2026-10-24 23:30", "2026-10-25 03:00", "Sun 25 Oct 01:30 +02:00 to 04:00 +01:00"),
        ("2026-11-29 01:00", None, "Sun 29 Nov 02:00 +01:00 until it is resumed"),
    ],
)
def test_from_when_until_when_says_what_is_the_same_once(start, until, words):
    start, until = (at and datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, until))
    written = between(start, until, "Europe/Paris")
    assert re.sub(r"<[^>]*>", "", written) == words


def test_a_name_breaks_between_its_parts_and_nowhere_in_what_is_escaped():
    assert breakable("delete_old.messages") == "delete_<wbr>old.<wbr>messages"
    assert breakable("nightly") == "nightly"
    assert breakable("<a_b>&_") == "&lt;a_<wbr>b&gt;&amp;_"
