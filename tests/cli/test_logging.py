"""Log lines stay lines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest

from rota.cli.logging import JsonFormatter, TextFormatter


def record(message="run succeeded", **extra):
    made = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "rota.settle", "created": 0.0})
    vars(made).update(extra)
    return made


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("nightly", "nightly"),
        ("odd [name]", '"odd [name]"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("two\nlines", '"two\\nlines"'),
        ("", '""'),
        (3, "3"),
        (1.5, "1.5"),
        (True, "True"),
        (timedelta(seconds=90), "90.0"),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), "2026-03-29T01:00:00Z"),
        (["a", 1], '"[\\"a\\", 1]"'),
    ],
)
def test_a_text_line_has_its_facts_as_fields(value, written):
    line = TextFormatter().format(record(fact=value, nothing=None))
    assert line[8:] == f" INFO run succeeded fact={written}"
    assert "\n" not in line


def test_a_json_line_is_one_object():
    line = json.loads(JsonFormatter().format(record("a\nb", fact=timedelta(seconds=1), schedule="ü")))
    assert line == {
        "time": "1970-01-01T00:00:00Z",
        "level": "info",
        "logger": "rota.settle",
        "message": "a\nb",
        "fact": 1.0,
        "schedule": "ü",
    }


def test_an_exception_comes_along():
    try:
        raise ValueError("no")
    except ValueError:
        made = record(exc_info=sys.exc_info())
    assert TextFormatter().format(made).endswith("ValueError: no")
    assert json.loads(JsonFormatter().format(made))["traceback"].endswith("ValueError: no")
