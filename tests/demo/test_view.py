"""The views: what they say of what the store holds, and that they fit."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from rota import Rota, every
from rota.demo import words
from rota.demo.feed import Entry, Feed
from rota.demo.plain import Lines
from rota.demo.screen import screen, sentence
from rota.demo.summary import Tally, summary
from rota.demo.watch import Watch
from rota.runtime.events import Event

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZES = [(80, 24), (120, 40), (160, 50), (40, 10), (200, 20), (80, 100)]


@pytest.fixture
def rota(empty_shop):
    made = Rota("shop", store="sqlite:///:memory:")
    yield made
    made.close()


def watched(rota, count=18):
    task = rota.task(name="sweep")(lambda: None)
    for number in range(count):
        rota.schedule(task, every(timedelta(hours=1 + number)), name=f"sweep_number_{number}")
    rota.sync()
    return Watch(rota)


def entry(word, subject="sweep", text="", **more):
    return Entry(at=AT, word=word, subject=subject, text=text, **more)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_fits_whatever_it_shows(rota, width, height):
    snapshot = watched(rota).look()
    entries = [entry("skipped", text="a reason that is much too long " * 9, subject="name" * 20)] * 60
    console = Console(width=width, file=io.StringIO(), legacy_windows=False)
    options = console.options.update_width(width)
    lines = console.render_lines(screen(snapshot, entries, "12 s", width, height), options)
    least = 14  # lines: below that, the terminal cuts
    assert len(lines) <= max(height, least)
    assert {sum(segment.cell_length for segment in line) for line in lines} == {width}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_keeps_its_height_as_the_feed_grows(rota, width, height):
    snapshot = watched(rota).look()
    console = Console(width=width, file=io.StringIO())
    heights = {
        len(console.render_lines(screen(snapshot, [entry("succeeded")] * n, "", width, height)))
        for n in (0, 1, 60)
    }
    assert len(heights) == 1


def test_the_first_sentence_says_how_all_is(rota):
    count = len(watched(rota, 2).look().lines)
    said = sentence(Watch(rota).look())
    assert re.fullmatch(rf"All {count} schedules are on time\. Next: [\w.-]+ in \d+ \w+\.", said)


def test_what_is_due_most_often_comes_first(rota):
    names = [line.schedule.name for line in watched(rota, 12).look().lines]
    names = [name for name in names if name.startswith("sweep")]
    assert names[:2] == ["sweep_number_0", "sweep_number_1"]
    assert names[-1] == "sweep_number_11"


def test_the_feed_tells_what_the_store_knows_of_an_event(rota):
    task = rota.task(name="sweep")(lambda: None)
    rota.sync()
    run = task.enqueue()
    feed = Feed(rota)
    facts = {"attempt": 3, "seconds": 1.5}
    rota.events.tell(Event(kind="run_succeeded", at=AT, subject=run, task="sweep", facts=facts))
    (told,) = feed.take()
    assert (told.word, told.subject, told.text) == ("succeeded", "sweep", "done in 1.50 s, at attempt 3")
    assert feed.take() == []


def test_plain_lines_say_when_what_and_why():
    lines: list[str] = []
    Lines(lines.append).entry(entry("skipped", text="overlap"))
    assert lines == ["12:00:00Z  skipped     sweep                      overlap"]


class TestSummary:
    def lines(self, rota, *entries):
        tally = Tally()
        for one in entries:
            tally.add(one)
        return summary(tally, watched(rota, 1).look(), 20.2)

    def test_begins_with_a_sentence_and_ends_with_the_rows(self, rota):
        lines = self.lines(rota)
        assert lines[0] == "The shop ran for 20 s with 2 schedules."  # the rota has one of its own
        assert lines[2] == "runs        none"
        assert lines[-1].split() == ["statistics", "0", "0"]

    @pytest.mark.parametrize(
        ("entries", "line"),
        [
            ([("succeeded", {}), ("succeeded", {}), ("failed", {})], "runs        2 succeeded, 1 failed"),
            ([("retrying", {})] * 2, "retried     2 times: sweep 2"),
            ([("lost", {})], "taken over  1 run: sweep 1"),
            ([("skipped", {"text": "overlap"})] * 3, "skipped     3, overlap (sweep)"),
            (
                [("missed", {"text": "7 occurrences: nothing ran", "count": 7})],
                "missed      7, nothing ran (sweep)",
            ),
            (
                [("succeeded", {"numbers": {"keys deleted": 812, "words": 5}})],
                "purged      812 rows: 812 keys",
            ),
        ],
    )
    def test_adds_up_what_happened(self, rota, entries, line):
        assert line in self.lines(rota, *(entry(word, **more) for word, more in entries))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "now"),
        (0.4, "now"),
        (1.2, "1 s"),
        (59, "59 s"),
        (61, "1 min"),
        (7_300, "2 h"),
        (90_000, "1 d"),
    ],
)
def test_waits_are_rounded(seconds, said):
    assert words.wait(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"rows_deleted": 1812}, "1,812 rows deleted"),
        ({"words": 3, "done": True, "note": "x"}, "3 words"),
        (None, ""),
        ([1], ""),
    ],
)
def test_results_are_told_by_their_numbers(result, said):
    assert words.say_numbers(words.numbers_in(result)) == said
