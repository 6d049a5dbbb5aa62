"""What a statement asks for, and what is left out of it."""

import pytest

from rota.stores.sqlite.filters import asked, filters

STATEMENT = """SELECT 1 FROM rota_schedule s
 WHERE ({rota} IS NULL OR s.rota = {rota})
   AND ({names} IS NULL OR s.name IN (SELECT value FROM json_each({names})))
   AND s.id > {after} AND ({task} IS NULL OR s.task = {task})
 LIMIT 9"""
AS_SQLITE = {name: f":{name}" for name in ("rota", "names", "after", "task")}
AS_DJANGO = {name: f"%({name})s" for name in AS_SQLITE}


@pytest.mark.parametrize("spelled", [AS_SQLITE, AS_DJANGO])
def test_what_is_not_asked_is_left_out(spelled):
    statement = STATEMENT.format_map(spelled)
    given = {"rota": "shop", "names": None, "after": "a", "task": "t"}
    assert filters(statement) == ("rota", "names", "task")
    assert asked(statement, given).split("\n") == [
        "SELECT 1 FROM rota_schedule s",
        f" WHERE (s.rota = {spelled['rota']})",
        "   AND true",
        f"   AND s.id > {spelled['after']} AND (s.task = {spelled['task']})",
        " LIMIT 9",
    ]


def test_an_empty_value_is_a_value():
    assert asked(" WHERE (:task IS NULL OR s.task = :task)", {"task": ""}) == " WHERE (s.task = :task)"


def test_a_column_that_may_be_null_is_no_filter():
    statement = " WHERE (c.lane IS NULL OR c.lane_limit > :most)"
    assert asked(statement, {"most": None}) == statement
