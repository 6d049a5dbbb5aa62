"""Settings come from defaults, `pyproject.toml`, the environment and the caller, in this order."""

from datetime import timedelta

import pytest

from rota.errors import InvalidValue
from rota.settings import load


def test_defaults_hold_where_nothing_is_said(tmp_path):
    settings = load({}, {}, tmp_path)
    assert settings.store == "sqlite:///rota.db"
    assert settings.lease == timedelta(seconds=15)
    assert settings.sources["lease"] == "default"


def test_each_layer_wins_over_the_one_before(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.rota]\nlease = "20s"\nconcurrency = 3\nqueues = ["a", "b"]\n'
    )
    environment = {"ROTA_CONCURRENCY": "7", "ROTA_LOG_FORMAT": "json", "PATH": "/bin"}
    settings = load({"log_format": "text", "store": None}, environment, tmp_path)
    assert settings.lease == timedelta(seconds=20)
    assert settings.concurrency == 7
    assert settings.queues == ("a", "b")
    assert settings.log_format == "text"
    assert settings.sources["concurrency"] == "the environment variable ROTA_CONCURRENCY"
    assert settings.sources["lease"] == "pyproject.toml [tool.rota]"


def test_the_nearest_pyproject_upwards_is_read(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.rota]\nbatch = 50\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert load({}, {}, inner).batch == 50


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ROTA_LEESE": "20s"}, "environment variable ROTA_LEESE.*Did you mean 'lease'"),
        ({"ROTA_LEASE": "soon"}, "lease: 'soon'.*ROTA_LEASE"),
        ({"ROTA_LEASE": "0s"}, "at least 0:00:01"),
        ({"ROTA_CONCURRENCY": "0"}, "from 1 to 1000"),
        ({"ROTA_CONCURRENCY": "many"}, "from 1 to 1000"),
        ({"ROTA_LOG_FORMAT": "xml"}, "choose one of text, json"),
    ],
)
def test_what_can_not_be_used_is_refused_with_its_source(tmp_path, environment, message):
    with pytest.raises(InvalidValue, match=message):
        load({}, environment, tmp_path)


def test_a_broken_pyproject_is_named(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.rota\n")
    with pytest.raises(InvalidValue, match="no TOML"):
        load({}, {}, tmp_path)
