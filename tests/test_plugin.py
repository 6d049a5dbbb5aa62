"""What users of `rota.testing` get by installing Rota: two fixtures, and no cost when they are not used."""

from datetime import timedelta

import pytest

pytest_plugins = ["pytester"]


def test_the_clock_moves_only_when_told(rota_clock):
    before = rota_clock.now()
    assert rota_clock.now() == before
    rota_clock.advance(timedelta(days=1))
    assert rota_clock.now() == before + timedelta(days=1)


def test_a_whole_system_runs_in_virtual_time(rota_sim):
    rota_sim.declare("nightly", "daily 02:00")
    rota_sim.start_node()
    rota_sim.run_until("2026-01-03 12:00")
    assert rota_sim.ran("nightly") == ["2026-01-01 02:00", "2026-01-02 02:00", "2026-01-03 02:00"]


@pytest.mark.parametrize("name", ["rota_clock", "rota_sim"])
def test_the_fixtures_are_there_for_any_project(pytester, monkeypatch, name):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # this project is none of Django's
    pytester.makepyfile(f"def test_it({name}): assert {name}")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
