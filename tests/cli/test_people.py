"""`rota user` and `rota token`."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from rota.cli.main import rota as program

PASSWORD = "correct horse battery"


def run(*args, typed="", code=0):
    result = CliRunner().invoke(program, list(args), input=typed, prog_name="rota")
    assert result.exit_code == code, result.output + result.stderr
    return result


def test_users_are_added_listed_and_dropped(synced):
    assert "Nobody may sign in yet" in synced("user", "list").stderr
    run("user", "add", "ann", "--role", "operator", "--password-stdin", typed=f"{PASSWORD}\n")
    run("user", "add", "ann", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\r\n")
    [one] = synced.json("user", "list")
    assert (one["name"], one["role"]) == ("ann", "admin")
    assert "ann" in synced("user", "list").stdout
    synced("user", "drop", "ann")
    assert synced.json("user", "list") == []
    assert "no user is named 'ann'" in synced("user", "drop", "ann", code=3).stderr


def test_the_password_given_is_the_one_that_signs_in(synced):
    from rota.cli.apps import opened
    from rota.errors import WrongPassword
    from rota.operations import people

    run("user", "add", "ann", "--role", "operator", "--password-stdin", typed=f"{PASSWORD}\nmore\n")
    with opened(synced.app, None) as rota:
        assert people.sign_in(rota, "ann", PASSWORD, "test")[1].user == "ann"
        with pytest.raises(WrongPassword):
            people.sign_in(rota, "ann", f"{PASSWORD}\n", "test")


def test_a_password_is_never_an_argument_and_is_asked_for_on_a_terminal_only(synced):
    assert "--password-stdin" in run("user", "add", "ann", "--role", "viewer", code=2).stderr
    assert "No such option" in run("user", "add", "ann", "--role", "viewer", "--password", "x", code=2).stderr


def test_on_a_terminal_the_password_is_typed_twice_and_not_shown(synced, monkeypatch):
    import rota.cli.people as people

    monkeypatch.setattr(people.sys, "stdin", Terminal())
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: PASSWORD)
    assert people._password(False) == PASSWORD


class Terminal:
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("args", "typed", "said"),
    [
        (["ann", "--role", "king"], PASSWORD, "Invalid value for '--role'"),
        (["ann"], PASSWORD, "Missing option '--role'"),
        (["ann", "--role", "viewer"], "short", "from 10 to 1000 characters"),
        (["ann", "--role", "viewer"], "", "from 10 to 1000 characters"),
        ([" ", "--role", "viewer"], PASSWORD, "at least one visible character"),
        (["a\tb", "--role", "viewer"], PASSWORD, "control characters"),
    ],
)
def test_a_user_that_can_not_be_added(synced, args, typed, said):
    assert said in run("user", "add", *args, "--password-stdin", typed=typed, code=2).stderr
    assert synced.json("user", "list") == []


def test_tokens_are_made_shown_once_listed_and_revoked(synced):
    assert "There are none" in synced("token", "list").stderr
    made = synced("token", "create", "ci", "--role", "operator", "--expires", "90d")
    assert re.fullmatch(r"rota_[\w-]{43}\n", made.stdout)
    assert "not shown again" in made.stderr
    [one] = synced.json("token", "list")
    assert (one["label"], one["role"], one["used_at"]) == ("ci", "operator", None)
    assert made.stdout.strip() not in synced("token", "list").stdout
    synced("token", "revoke", one["id"])
    assert synced.json("token", "list") == []
    assert "no token is named" in synced("token", "revoke", one["id"], code=3).stderr


def test_a_token_as_json(synced):
    made = synced.json("token", "create", "--role", "viewer")
    assert made["secret"].startswith("rota_")
    assert made["label"].startswith("made by ")
    assert synced.json("token", "list")[0]["id"] == made["id"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--expires", "soon"], "--expires"),
        (["--expires", "0s"], "longer than nothing"),
        (["--expires", "9999999999d"], "expires"),
        (["x" * 201], "201 characters"),
    ],
)
def test_a_token_that_can_not_be_made(synced, args, said):
    assert said in synced("token", "create", *args, "--role", "viewer", code=2).stderr
