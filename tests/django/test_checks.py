"""What `manage.py check` says."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import connections
from django.test import override_settings

pytestmark = pytest.mark.usefixtures("rota")


def ids():
    return sorted(one.id for one in run_checks(tags=["rota"]))


def said(wanted):
    (found,) = [one for one in run_checks(tags=["rota"]) if one.id == wanted]
    return f"{found.msg} {found.hint}"


@pytest.fixture
def options(alias):
    """What `DATABASES` says of the project's database; a test may change it."""
    return connections[alias].settings_dict


def test_a_sound_project_passes():
    assert ids() == []


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        pytest.param("CONCURENCY", "Did you mean 'CONCURRENCY'?", id="a slip"),
        pytest.param("concurrency", "Did you mean 'CONCURRENCY'?", id="small letters"),
        pytest.param("STORE", "write DATABASE, the alias of a database", id="taken by Django's"),
        pytest.param("ZZZ", "Known are: NAME, DATABASE", id="nothing near"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(key, hint):
    with override_settings(ROTA={key: 3}):
        assert hint in said("rota.E001")


def test_a_node_does_not_start_with_an_unknown_key(rota):
    from rota.errors import InvalidValue

    with override_settings(ROTA={"CONCURENCY": 3}), pytest.raises(InvalidValue, match="CONCURRENCY"):
        rota.node()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_deferred_transaction_on_sqlite_is_warned_of(options):
    del options["OPTIONS"]["transaction_mode"]
    assert '"transaction_mode": "IMMEDIATE"' in said("rota.W001")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_several_nodes_on_one_file_are_warned_of():
    with override_settings(ROTA={"AUTOSTART": True}):
        assert ids() == ["rota.W002"]


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_a_pooler_of_transactions_is_warned_of(options):
    options["DISABLE_SERVER_SIDE_CURSORS"] = True
    assert ids() == ["rota.W003"]
    options.update(DISABLE_SERVER_SIDE_CURSORS=False, PORT="6432")
    assert ids() == ["rota.W003"]


def test_traps_of_time_zones_are_warned_of():
    with override_settings(TIME_ZONE="America/Chicago"):
        assert ids() == ["rota.W004"]
    with override_settings(USE_TZ=False):
        assert ids() == ["rota.W005"]
    with override_settings(ROTA={"TIMEZONE": "Europe/Zuerich"}):
        assert "Europe/Zurich" in said("rota.E005")


def test_a_database_that_is_not_there_is_named(rota):
    rota.database = "elsewhere"
    assert ids() == ["rota.E003"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_site_that_starts_nodes_has_its_database_in_a_file_but_in_its_tests(options, monkeypatch):
    from django.test.utils import setup_test_environment, teardown_test_environment

    monkeypatch.setitem(options, "NAME", ":memory:")
    with override_settings(ROTA={"AUTOSTART": True}):
        assert "Let it be a file." in said("rota.E006")
        setup_test_environment()
        try:
            assert "rota.E006" not in ids()
        finally:
            teardown_test_environment()
