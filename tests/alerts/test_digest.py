"""What is told, and when: from what a look has seen and what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from rota.alerts.digest import MOST_KEPT, MOST_LINES, Ends, Event, Kind, Known, Line, Seen, Trouble, message
from rota.alerts.digest import digest as digest_
from rota.testing.clock import instant

NOON = instant("2026-03-02 12:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def failed(*events, key="failed f1", what="ValueError: no such file", is_new=False):
    """Failures of schedules: `(name, at)` each, the latest first."""
    found = tuple(Event(at=at, name=name, run=f"run-{name}") for name, at in events)
    return Trouble(key=key, kind=Kind.FAILED, ends=Ends.SUCCESS, what=what, events=found, is_new=is_new)


def missed(at, count=1, began=None, name="often"):
    event = Event(at=at, name=name, count=count, began=began)
    return Trouble(
        key="missed", kind=Kind.MISSED, ends=Ends.ITSELF, what="no scheduler was running", events=(event,)
    )


IDLE = Trouble(key="stalled nodes", kind=Kind.STALLED, ends=Ends.ABSENCE, what="nodes: no live worker")


class Watch:
    """Looks again and again; keeps what is known as it would be stored."""

    def __init__(self, on=tuple(Kind), zone="UTC"):
        self.known, self.on, self.zone = {}, on, zone

    def look(self, now, *troubles, well=None, gone=()):
        seen = Seen(troubles=troubles, well=well or {}, gone=frozenset(gone))
        found = digest_(seen, self.known, now, self.on, self.zone)
        stored = msgspec.json.encode(found.known)
        self.known = msgspec.json.decode(stored, type=dict[str, Known])
        return [line.text for line in found.lines]


@pytest.fixture
def watch():
    return Watch()


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        pytest.param(failed(("nightly", NOON)), "nightly failed: ValueError: no such file", id="once"),
        pytest.param(
            failed(("nightly", NOON), ("nightly", NOON - 5 * MINUTE)),
            "nightly failed 2 times since 11:55: ValueError: no such file",
            id="twice",
        ),
        pytest.param(
            failed(("a", NOON), ("b", NOON)),
            "a and b failed 2 times since 12:00: ValueError: no such file",
            id="two",
        ),
        pytest.param(
            failed(*((one, NOON) for one in "abcde")),
            "a, b, c and 2 more failed 5 times since 12:00: ValueError: no such file",
            id="many",
        ),
        pytest.param(
            failed(("nightly", NOON), is_new=True),
            "nightly failed: ValueError: no such file (a new error)",
            id="new",
        ),
        pytest.param(
            missed(NOON, 12, NOON - HOUR),
            "12 occurrences of often were missed since 11:00: no scheduler was running",
            id="missed",
        ),
        pytest.param(
            missed(NOON),
            "1 occurrence of often was missed since 12:00: no scheduler was running",
            id="missed one",
        ),
        pytest.param(
            missed(NOON, 2, NOON - DAY),
            "2 occurrences of often were missed since 01 Mar 12:00: no scheduler was running",
            id="since yesterday",
        ),
        pytest.param(
            failed(("nightly", NOON), what="E: " + "x" * 900),
            "nightly failed: E: " + "x" * 280 + "…",
            id="long",
        ),
        pytest.param(
            failed(("nightly", NOON), what="E: a\nb\x00c\x1b[1m"),
            "nightly failed: E: a b c [1m",
            id="one line",
        ),
    ],
)
def test_the_words(watch, trouble, text):
    assert watch.look(NOON, trouble) == [text]


def test_a_failure_that_goes_on_is_told_once_then_daily(watch):
    told = {}
    for minute in range(25 * 60):
        now = NOON + minute * MINUTE
        if lines := watch.look(now, failed(("often", now))):
            told[minute] = lines
    assert told == {
        0: ["often failed: ValueError: no such file"],
        1440: ["often still fails, 1,441 times since 02 Mar 12:00: ValueError: no such file"],
    }


def test_no_reminder_of_what_did_not_fail_again(watch):
    watch.look(NOON, failed(("weekly", NOON)))
    assert [watch.look(NOON + day * DAY) for day in range(1, 7)] == [[]] * 6
    assert watch.look(NOON + 7 * DAY, failed(("weekly", NOON + 7 * DAY))) == [
        "weekly still fails, 2 times since 02 Mar 12:00: ValueError: no such file"
    ]


def test_an_event_that_two_looks_see_counts_once(watch):
    trouble = failed(("often", NOON))
    assert len(watch.look(NOON, trouble)) == 1
    assert [watch.look(NOON + minute * MINUTE, trouble) for minute in range(10)] == [[]] * 10
    assert watch.known["failed f1"].count == 1


def test_another_schedule_with_the_same_error_is_told_at_once(watch):
    watch.look(NOON, failed(("a", NOON)))
    lines = watch.look(NOON + MINUTE, failed(("b", NOON + MINUTE), ("a", NOON)))
    assert lines == ["a and b failed 2 times since 12:00: ValueError: no such file"]


def test_a_schedule_that_succeeds_again_has_recovered(watch):
    watch.look(NOON, failed(("a", NOON), ("b", NOON)))
    assert watch.look(NOON + MINUTE, well={"a": NOON + MINUTE}) == []
    assert watch.look(NOON + 2 * MINUTE, well={"a": NOON + MINUTE, "b": NOON + MINUTE}) == [
        "a and b succeeded again, after failing 2 times since 12:00"
    ]
    assert watch.look(NOON + 3 * MINUTE, well={"a": NOON + MINUTE, "b": NOON + MINUTE}) == []


def test_a_success_before_the_failure_is_no_recovery(watch):
    watch.look(NOON, failed(("a", NOON)))
    assert watch.look(NOON + MINUTE, well={"a": NOON - MINUTE}) == []


def test_a_schedule_that_is_no_more_is_forgotten_in_silence(watch):
    watch.look(NOON, failed(("a", NOON), ("b", NOON)))
    assert watch.look(NOON + MINUTE, gone=["a"]) == []
    assert watch.known["failed f1"].names == ("b",)
    assert watch.look(NOON + 2 * MINUTE, gone=["b"]) == []
    watch.look(NOON + 2 * HOUR)
    assert watch.known == {}


def test_what_fails_every_other_time_is_told_at_most_once_an_hour(watch):
    told = []
    for minute in range(240):
        now = NOON + minute * MINUTE
        if minute % 2 == 0:
            told += watch.look(now, failed(("flaky", now)))
        else:
            told += watch.look(now, well={"flaky": now})
    assert len(told) <= 2 * 5
    assert any("succeeded again" in line for line in told)
    assert sum("failed" in line and "again" not in line for line in told) >= 3


def test_a_state_is_told_when_two_looks_see_it(watch):
    assert watch.look(NOON, IDLE) == []
    assert watch.look(NOON + MINUTE) == []  # a restart
    assert watch.look(NOON + 2 * MINUTE, IDLE) == []
    assert watch.look(NOON + 3 * MINUTE, IDLE) == ["nodes: no live worker"]
    assert watch.look(NOON + 4 * MINUTE, IDLE) == []
    assert watch.look(NOON + 3 * MINUTE + DAY, IDLE) == ["nodes: no live worker (still, since 02 Mar 12:02)"]
    assert watch.look(NOON + 2 * DAY) == ["No longer so: nodes: no live worker (since 02 Mar 12:02)"]


def test_what_is_missed_within_the_hour_is_told_together(watch):
    assert len(watch.look(NOON, missed(NOON))) == 1
    for minute in range(1, 60):
        assert watch.look(NOON + minute * MINUTE, missed(NOON + minute * MINUTE)) == []
    assert watch.look(NOON + HOUR) == [
        "59 occurrences of often were missed since 12:01: no scheduler was running"
    ]


def test_only_what_is_asked_for_is_told():
    watch = Watch(on=(Kind.FAILED,))
    assert watch.look(NOON, missed(NOON), failed(("a", NOON))) == ["a failed: ValueError: no such file"]
    assert watch.look(NOON + MINUTE, well={"a": NOON + MINUTE}) == []
    assert set(watch.known) == {"failed f1"}


def test_the_worst_comes_first(watch):
    watch.look(NOON, IDLE, failed(("a", NOON)))
    now = NOON + MINUTE
    lines = watch.look(now, missed(now), failed(("b", now), key="failed f2"), IDLE, well={"a": now})
    assert [line.split()[0] for line in lines] == ["nodes:", "b", "1", "a"]


def test_of_a_flood_so_many_are_followed(watch):
    flood = [failed((f"s{n}", NOON), key=f"failed {n}") for n in range(MOST_KEPT + 7)]
    lines = watch.look(NOON, *flood)
    assert len(lines) == MOST_KEPT + 1
    assert lines[-1] == "7 other troubles; so many are not followed one by one"
    assert len(watch.known) == MOST_KEPT
    assert watch.look(NOON + MINUTE, *flood) == []


def test_times_are_of_the_zone_of_the_rota():
    watch = Watch(zone="Asia/Kolkata")
    assert watch.look(NOON, failed(("a", NOON), ("a", NOON - MINUTE)))[0].startswith(
        "a failed 2 times since 17:29"
    )


LINE = Line(Kind.FAILED, "nightly failed: ValueError", "0190-run")


def test_a_message_links_to_the_run_and_names_the_zone():
    made = message("shop", [LINE], NOON, "Europe/Zurich", "https://rota.example.com/")
    assert made.title == "shop: 1 thing needs attention"
    assert made.body.splitlines() == [
        "✘ nightly failed: ValueError",
        "  https://rota.example.com/runs/0190-run",
        "All of it: https://rota.example.com/",
        "Seen at 13:00 Europe/Zurich (+0100)",
    ]
    assert not made.is_good


def test_a_message_without_an_address_of_the_ui_has_no_links():
    assert message("shop", [LINE], NOON, "UTC").body.splitlines() == [
        "✘ nightly failed: ValueError",
        "Seen at 12:00 UTC (+0000)",
    ]


def test_a_message_of_recoveries_alone_is_good_news():
    made = message("shop", [replace(LINE, kind=Kind.RECOVERED)], NOON, "UTC")
    assert (made.title, made.is_good) == ("shop: recovered", True)


def test_a_message_is_short():
    made = message("shop", [LINE] * 30, NOON, "UTC")
    assert made.title == "shop: 30 things need attention"
    assert made.body.count("✘") == MOST_LINES
    assert "and 18 more" in made.body
