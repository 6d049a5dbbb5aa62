"""What a new demo can look back on: made by the runtime, and by nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from rota import Rota, cron, daily, every
from rota.core.records import RunQuery, RunState
from rota.demo.night import is_calm, play, time_away

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path):
    rota = Rota("shop", timezone="Europe/Zurich", store=f"sqlite:///{tmp_path / 'rota.db'}")

    @rota.scheduled(every("1s"))
    def traffic():
        raise AssertionError("a day of it would take a day")

    @rota.scheduled(daily("02:00"))
    def nightly_report():
        return {"pages": 3}

    @rota.scheduled(cron("*/30 * * * *"), catch_up="none")
    def reconcile():
        return {}

    yield rota
    rota.close()


def runs(rota, schedule, state):
    found = rota.store.runs(RunQuery(rota="shop", schedule=schedule, states=(state,), limit=500))
    return [one.planned_at.strftime("%d %H:%M") for one in found]


def test_a_day_and_a_night_have_passed(shop):
    parts = list(play(shop, NOW))
    assert parts == sorted(parts)
    assert 0 <= parts[0] < parts[-1] < 1
    assert runs(shop, "nightly_report", RunState.SUCCEEDED) == ["21 01:00"]
    assert len(runs(shop, "reconcile", RunState.SUCCEEDED)) == 2 * 26 - 2
    assert shop.store.runs(RunQuery(rota="shop", schedule="traffic")) == []


def test_what_was_due_while_nobody_was_there_was_missed(shop):
    list(play(shop, NOW))
    missed = shop.store.runs(RunQuery(rota="shop", states=(RunState.MISSED,)))
    assert [(one.schedule, one.count) for one in missed] == [("reconcile", 2)]
    assert "no scheduler" in missed[0].reason


def test_a_store_that_somebody_has_used_keeps_its_own_past(shop):
    shop.sync()
    assert list(play(shop, NOW)) == []
    assert shop.store.runs(RunQuery(rota="shop")) == []


def test_the_rota_goes_on_where_the_past_ends(shop):
    list(play(shop, NOW))
    before = {one.name: one.cursor for one in shop.store.declared("shop", [])}
    shop.sync()
    after = {one.name: one.cursor for one in shop.store.declared("shop", [])}
    assert set(after) - set(before) == {"traffic"}
    assert {name: after[name] for name in before} == before


def test_the_morning_is_that_of_the_shop():
    assert time_away(NOW, "Europe/Zurich") == datetime(2026, 11, 21, 4, 10, tzinfo=UTC)
    assert time_away(NOW - timedelta(hours=6), "Europe/Zurich") == datetime(2026, 11, 20, 4, 10, tzinfo=UTC)


def test_what_is_calm(shop):
    calm = {one.name for one in shop.registry.declared() if is_calm(one, NOW)}
    assert calm == {"nightly_report", "reconcile", "rota.purge-history"}
