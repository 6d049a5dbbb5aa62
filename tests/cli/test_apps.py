"""How a command finds its rota, and what errors become."""

from __future__ import annotations

import pytest

from rota.cli.apps import is_app, split
from rota.cli.main import exit_code
from rota.errors import (
    Conflict,
    InvalidApp,
    InvalidValue,
    NotPermitted,
    SchemaOutdated,
    StoreUnavailable,
    UnknownRun,
    UnknownSchedule,
)


@pytest.mark.parametrize("word", ["shop:rota", "shop.tasks:rota", "a:b.c", "_x:_y", "läden:rota"])
def test_what_has_the_form_of_an_app(word):
    assert is_app(word)


@pytest.mark.parametrize(
    "word", ["nightly", "a b:c", "a:", ":b", "0:b", "a-b:c", "a:b:c", "2026-03-29T01:00:00Z", ""]
)
def test_what_has_not(word):
    assert not is_app(word)


def test_the_first_word_is_the_app_by_its_form_alone():
    assert split(("shop:rota", "nightly"), None) == ("shop:rota", ("nightly",))
    assert split(("nightly", "shop:rota"), None) == (None, ("nightly", "shop:rota"))
    assert split(("billing:daily",), "shop:rota") == ("shop:rota", ("billing:daily",))
    assert split(("shop",), None) == (None, ("shop",))
    assert split(("shop",), None, only_app=True) == ("shop", ())


def test_an_app_is_named_in_four_ways(shop, monkeypatch):
    for args in (["sync", shop.app], ["sync", shop.module], ["sync", "-A", shop.app]):
        shop(*args)
    monkeypatch.setenv("ROTA_APP", shop.module)
    shop("sync")
    monkeypatch.delenv("ROTA_APP")
    (shop.folder / "pyproject.toml").write_text(f'[tool.rota]\napp = "{shop.app}"\n')
    assert "as declared" in shop("sync").stdout


def test_a_name_of_the_form_of_an_app_needs_the_option(synced):
    assert "'billing:daily' was read as APP; give APP by -A" in synced("show", "billing:daily", code=2).stderr
    assert "billing:daily" in synced("show", "-A", synced.app, "billing:daily").stdout


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("nowhere:rota", "there is no module 'nowhere'"),
        ("{module}:rotta", "Did you mean {module}:rota?"),
        ("{module}:other", "it is a str, not a Rota"),
        ("{module}.deeper:rota", "there is no module"),
        ("broken_app:rota", "ZeroDivisionError: division by zero at"),
        ("missing_part:rota", "ModuleNotFoundError: No module named 'nothing_there'"),
    ],
)
def test_an_app_that_can_not_be_used_is_a_usage_error(shop, app, said):
    (shop.folder / "broken_app.py").write_text("1 / 0\n")
    (shop.folder / "missing_part.py").write_text("import nothing_there\n")
    result = shop("list", app.format(module=shop.module), code=2)
    assert said.format(module=shop.module) in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_app_at_all(shop):
    assert "set ROTA_APP" in shop("list", code=2).stderr


def test_too_many_and_too_few_words(synced):
    assert "it takes [APP] NAME" in synced("show", code=2).stderr
    assert "Got 2 arguments" in synced("show", "a", "b", code=2).stderr
    assert "Got 1 arguments (more)" in synced("list", synced.app, "more", code=2).stderr


def test_another_store(synced):
    synced("sync", "--store", "sqlite:///other.db")
    assert (synced.folder / "other.db").exists()
    result = synced("list", "--store", "sqlite:////nonexistent/folder/x.db", code=5)
    assert "/nonexistent/folder/x.db" in result.stderr
    assert "Traceback" not in result.output
    assert "write sqlite:///" in synced("list", "--store", "mysql://ann:hunter2@db/x", code=2).stderr


def test_an_unreachable_database_says_no_password(synced):
    result = synced("list", "--store", "postgresql://ann:hunter2@127.0.0.1:1/shop", code=5)
    assert "hunter2" not in result.output + result.stderr


def test_a_setting_that_does_not_exist(synced):
    result = synced("list", code=2, ROTA_LEESE="5s")
    assert "Did you mean 'lease'" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreUnavailable("sqlite:///x", "gone"), 5),
        (NotPermitted("vic", "pause", "operator"), 6),
        (UnknownSchedule("x"), 3),
        (UnknownRun("x"), 3),
        (InvalidValue("a", 1, "no"), 2),
        (InvalidApp("x", "no"), 2),
        (Conflict("schedule 'x'"), 1),
        (SchemaOutdated("sqlite:///x", 1, 2), 1),
    ],
)
def test_exit_codes(error, code):
    assert exit_code(error) == code


def test_a_command_that_does_not_exist(shop):
    assert "Did you mean 'trigger'?" in shop("triger", code=2).stderr


def test_every_command_has_help_with_an_example(shop):
    from rota.cli.main import COMMANDS

    names = [name for part in COMMANDS.values() for name in part if name != "demo"]
    for name in names:
        out = shop(name, "--help").stdout
        assert f"Example: rota {name}" in " ".join(out.split()), name
    for name in names:
        assert name in shop("--help").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shop, shell):
    assert "_ROTA_COMPLETE" in shop("completion", shell).stdout


def test_commands_are_completed(shop):
    environment = {"_ROTA_COMPLETE": "bash_complete", "COMP_WORDS": "rota tr", "COMP_CWORD": "1"}
    code, out, _ = shop.process(**environment).end()
    assert (code, out) == (0, "plain,trigger\n")
