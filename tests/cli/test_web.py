"""`rota web`, and the face beside `rota run`."""

from __future__ import annotations

import json
import re
import signal
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from rota.cli.web import read_address
from rota.errors import InvalidValue

PATIENCE = 30


@pytest.fixture
def started(synced):
    made = []

    def start(*args, **environment):
        made.append(synced.process(*args, **{"ROTA_APP": synced.app, "PYTHONUNBUFFERED": "1", **environment}))
        return made[-1]

    yield start
    for one in made:
        one.kill()


def address_of(process):
    line = process.process.stdout.readline()
    return re.search(r"http://\S+", line)[0]


@pytest.mark.parametrize("command", [("web", "--port", "0"), ("run", "--web", "127.0.0.1:0")], ids=" ".join)
def test_the_face_answers_lets_one_browser_in_once_and_ends(synced, started, command):
    process = started(*command)
    address = address_of(process)
    root = address.partition("/sign-in")[0]
    assert json.load(urlopen(f"{root}/livez", timeout=PATIENCE))["status"] == "ok"
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    assert b"Sign out" in browser.open(address, timeout=PATIENCE).read()
    listed = json.load(browser.open(f"{root}/api/v1/schedules", timeout=PATIENCE))
    assert listed["items"][0]["name"] == "billing:daily"
    with pytest.raises(HTTPError) as refused:
        urlopen(address, timeout=PATIENCE)
    assert refused.value.code == 403
    refused.value.close()
    process.signal(signal.SIGTERM)
    assert process.end()[0] == 0


def test_with_a_user_no_address_lets_in(synced, started):
    from tests.cli.test_people import PASSWORD, run

    run("user", "add", "ann", "--role", "viewer", "--password-stdin", typed=PASSWORD)
    process = started("web", "--port", "0")
    assert "token" not in address_of(process)


def test_while_nobody_may_come_in_only_this_machine_is_served(synced):
    said = synced("web", "--host", "0.0.0.0", "--port", "0", code=2).stderr
    assert "rota user add" in said


def test_a_port_that_is_taken_is_told(synced):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "can not be listened on" in synced("web", "--port", port, code=2).stderr


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8765", (None, 8765)),
        (":80", (None, 80)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_read(text, read):
    assert read_address(text) == read


@pytest.mark.parametrize("text", ["", "x", "host:", "host:x", "1:65536", "²", "-1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidValue, match="--web"):
        read_address(text)
