"""What holds for every timetable and every instant."""

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rota.core.localtime import EPOCH, HORIZON
from rota.core.timetables import (
    cron,
    daily,
    every,
    monthly,
    once,
    parse_timetable,
    timetable_from_json,
    weekly,
)
from rota.errors import InvalidTimetable
from tests.core.timetables.lines import ZONES, line

checked = settings(max_examples=3_000 if os.environ.get("ROTA_SWEEP") else 40, deadline=None)

zones = st.sampled_from(ZONES)
times = st.times().map(lambda at: at.replace(microsecond=0))
rules = st.fixed_dictionaries(
    {
        "gap": st.sampled_from([None, "after", "skip"]),
        "repeat": st.sampled_from([None, "first", "second", "both"]),
        "timezone": st.one_of(st.none(), zones),
    }
)
weekdays = st.sampled_from(["mon", "tue,thu", "sat", "sun", "mon-fri"])
month_days = st.sampled_from(
    [1, 15, 28, 31, "last", -3, "first mon", "last fri", "last weekday", "first weekday"]
)
lines = st.tuples(st.randoms(use_true_random=False), st.booleans()).map(
    lambda drawn: line(drawn[0], seconds=drawn[1])[0]
)


@st.composite
def cron_lines(draw):
    while True:
        try:
            return cron(draw(lines), **draw(rules))
        except InvalidTimetable:
            continue


simple = st.one_of(
    cron_lines(),
    st.builds(lambda seconds: every(timedelta(seconds=seconds)), st.integers(1, 10**6)),
    st.builds(lambda at, n, rule: daily(at, every=n, **rule), times, st.integers(1, 9), rules),
    st.builds(
        lambda day, at, n, rule: weekly(f"{day} {at:%H:%M}", every=n, **rule),
        weekdays,
        times,
        st.integers(1, 4),
        rules,
    ),
    st.builds(
        lambda day, at, n, rule: monthly(day, at, every=n, **rule),
        month_days,
        times,
        st.integers(1, 5),
        rules,
    ),
    st.builds(
        lambda at: once(at.replace(tzinfo=UTC)), st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1))
    ),
)
timetables = st.one_of(simple, st.builds(lambda a, b: a | b, simple, simple))
instants = st.datetimes(datetime(1960, 1, 1), datetime(2210, 1, 1), timezones=zones.map(lambda _: UTC))
# around the changes of clocks, where things go wrong
nights = st.builds(
    lambda night, minutes: datetime.fromisoformat(night).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(
        ["2026-03-29", "2026-10-25", "2026-11-01", "2026-04-04 15:00", "2011-12-30", "2026-04-23 22:00"]
    ),
    st.integers(-600, 600),
)
anytime = st.one_of(instants, nights)


@checked
@given(timetables, anytime)
def test_next_is_strictly_after_and_increases(timetable, instant):
    walk = timetable.upcoming(instant, 4)
    assert all(due.tzinfo is UTC and due.microsecond == 0 and EPOCH <= due < HORIZON for due in walk)
    assert all(one < two for one, two in pairwise([instant, *walk]))


@checked
@given(timetables, anytime)
def test_previous_is_the_inverse_of_next(timetable, instant):
    due = timetable.next_after(instant)
    before = timetable.previous_before(instant)
    assert before is None or before < instant
    if due is not None:
        tick = timedelta(microseconds=1)
        assert timetable.previous_before(due + tick) == due
        assert timetable.next_after(due - tick) == due
        past = timetable.previous_before(due)
        assert past is None or (past <= instant and timetable.next_after(past) == due)


@checked
@given(timetables, anytime, st.integers(0, 20_000))
def test_nothing_is_due_between_an_instant_and_the_next(timetable, instant, seconds):
    due = timetable.next_after(instant)
    later = instant + timedelta(seconds=seconds)
    if due is not None and instant <= later < due:
        assert timetable.next_after(later) == due
        assert timetable.count(instant, later) == 0


@checked
@given(timetables, anytime, st.integers(0, 3 * 86_400))
def test_count_is_the_number_of_occurrences(timetable, after, seconds):
    until, tick = after + timedelta(seconds=seconds), timedelta(microseconds=1)
    walk = 0
    for _ in timetable.between(after + tick, until + tick):
        walk += 1
        if walk == 2_000:
            return
    assert timetable.count(after, until) == walk


@checked
@given(timetables, timetables, anytime)
def test_a_union_is_due_when_either_is(one, two, instant):
    dues = [due for due in (one.next_after(instant), two.next_after(instant)) if due]
    assert (one | two).next_after(instant) == min(dues, default=None)


@checked
@given(timetables)
def test_text_and_json_round_trip(timetable):
    assert parse_timetable(str(timetable)) == timetable
    assert timetable_from_json(json.loads(json.dumps(timetable.to_json()))) == timetable
    assert timetable.describe()


@checked
@given(st.one_of(st.text(max_size=300), st.text("0123456789*/-,LW#?HMONFRI@() |.:TZPindalywek", max_size=60)))
def test_any_text_is_a_timetable_or_one_clear_refusal(text):
    for read in (parse_timetable, cron, every):
        try:
            timetable = read(text)
        except InvalidTimetable as refused:
            assert str(refused).isprintable()
        else:
            assert parse_timetable(str(timetable)) == timetable
