"""A store: any text and any size comes back alike from every database."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rota.core.policies import Concurrency
from rota.core.records import Definition, Failure, Pause, Report, ScheduleQuery, Source
from tests.stores.contract.build import (
    BOOM,
    NOW,
    ROTA,
    audit,
    change,
    claim,
    claim_one,
    declare,
    new_run,
    schedule,
    settle,
    settlement,
    stored,
    the_run,
    the_schedule,
    uid,
)

PLAIN = [
    "é",
    "e\u0301",
    "送信 🐘👩‍🚀",
    "ß İ ı ﬁ",
    "\u202eleft",
    "\x01\x1f\x7f\x85\u2028",
    "'; DROP TABLE rota_run; --",
    '%_\\"{}[]',
    "a\r\nb\tc",
    " ",
    "\ufeff",
    "\U0010ffff",
]
# What a database can not store, and what stands in its place.
REPLACED = [("a\0b", "a\u2400b"), ("\ud800", "\ufffd"), ("x\udfffy\0", "x\ufffdy\u2400")]
TEXTS = [pytest.param(text, text, id=ascii(text)) for text in PLAIN]
TEXTS += [pytest.param(text, kept, id=ascii(text)) for text, kept in REPLACED]


@pytest.mark.parametrize(("text", "kept"), TEXTS)
def test_any_text_of_a_run_comes_back(store, text, kept):
    whole = new_run(1, task=text, queue=text, schedule=text, reason=text, lane=text, by=text)
    store.enqueue([whole], [audit(text, text, actor=text, reason=text, before={text: text})])
    [one] = claim(store, queues=(text,), tasks=(text,), node=text)
    store.report([Report(run_id=one.id, token=one.token, attempt=1, note=text, log=text)])
    store.cancel([one.id], text, NOW)
    failure = Failure(kind=text, message=text, traceback=text, names=(text,))
    assert settle(store, settlement(one, "failed", failure=failure, reason=text, log=text)) == []

    found = the_run(store)
    own = (found.task, found.queue, found.schedule, found.reason, found.lane, found.by, found.node)
    assert own == (kept,) * 7
    assert (found.note, found.cancel_by) == (kept, kept)
    assert found.failure == Failure(kind=kept, message=kept, traceback=kept, names=(kept,))
    assert store.attempts(uid(1))[0].log == kept * 2
    [line] = store.audit(ROTA, text)
    assert (line.action, line.subject, line.actor, line.reason) == (kept,) * 4


@pytest.mark.parametrize(("text", "kept"), TEXTS)
def test_any_text_of_a_schedule_comes_back(store, text, kept):
    definition = Definition(
        task=text, timetable="every 1h", queue=text, tags=(text,), description=text, args={"text": text}
    )
    pause = Pause(start=NOW, by=text, reason=text)
    declare(store, schedule(1, name=text, definition=definition, pause=pause, quarantine=text))
    for filters in ({"names": (text,)}, {"task": text}, {"queue": text}, {"tag": text}, {"text": text}):
        [found] = store.schedules(ScheduleQuery(rota=ROTA, **filters))
        assert found.name == kept
    assert found.quarantine == kept
    assert found.pause is not None
    assert store.declared(ROTA, [text]) == [found]
    assert not store.add_schedule(schedule(2, name=text, source=Source.USER), [])
    assert store.amend([change(found, pause=None)], [])
    assert the_schedule(store).pause is None


@pytest.mark.parametrize("text", [*PLAIN, *[text for text, _ in REPLACED]], ids=ascii)
def test_texts_inside_arguments_and_results_come_back_as_they_were(store, text):
    args = {"text": text, text: [text, {text: None}]}
    declare(store, schedule(1, definition=Definition(task="tidy", timetable="every 1h", args=args)))
    assert the_schedule(store).effective.args == args
    one = claim_one(store, args=args)
    assert one.args == args
    settle(store, settlement(one, result=json.dumps(args)))
    assert the_run(store).args == args
    assert the_run(store).result == args


@pytest.mark.parametrize(
    "value",
    [
        2**53 + 1,
        -(2**63),
        2**63 - 1,
        0.1 + 0.2,
        1e308,
        -0.0,
        [],
        {},
        None,
        True,
        "",
        [[[[[[[[[[1]]]]]]]]]],
        {"b": 1, "a": 2},
    ],
)
def test_any_value_of_an_argument_comes_back_with_its_type(store, value):
    one = claim_one(store, args={"value": value})
    settle(store, settlement(one, result=json.dumps(value)))
    found = the_run(store)
    for back in (one.args["value"], found.args["value"], found.result):
        assert (back, type(back)) == (value, type(value))
    assert list(found.args.get("value") or []) == list(value or []) if isinstance(value, dict) else True


def test_the_largest_payload_result_and_error_come_back(store):
    args = {"rows": ["é🐘" * 1000] * 40}
    one = claim_one(store, args=args)
    result = json.dumps("x" * 250_000)
    failure = replace(BOOM, message="m" * 50_000, traceback="t" * 100_000)
    settle(store, settlement(one, "failed", result=result, failure=failure))
    found = the_run(store)
    assert (found.args, found.result, found.failure) == (args, "x" * 250_000, failure)


def test_names_as_long_as_they_may_be_are_stored_and_found(store):
    name = "é" * 200
    declare(store, schedule(1, name=name), schedule(2, name=name[:-1]))
    assert [one.name for one in stored(store, name)] == [name]
    definition = Definition(task="tidy", timetable="every 1h", concurrency=Concurrency("🐘" * 200, 10_000))
    assert store.amend([change(the_schedule(store, 2), effective=definition)], [])
    assert the_schedule(store, 2).effective == definition


def test_names_that_differ_in_case_or_form_are_different(store):
    names = ["tidy", "Tidy", "é", "e\u0301", "tidy "]
    declare(store, *[schedule(k, name=name) for k, name in enumerate(names, 1)])
    assert [one.name for one in stored(store)] == sorted(names)
    for name in names:
        assert [one.name for one in stored(store, name)] == [name]


def test_names_sort_alike_in_every_database(store):
    names = ["b", "a", "Z", "É", "e", "_", "10", "9", "🐘", "\uffff", "ab", "a b", "a-b"]
    declare(store, *[schedule(k, name=name) for k, name in enumerate(names, 1)])
    assert [one.name for one in stored(store)] == sorted(names)
    after = store.schedules(ScheduleQuery(rota=ROTA, after="b", limit=500))
    assert [one.name for one in after] == sorted(name for name in names if name > "b")
