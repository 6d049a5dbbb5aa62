"""The web face beside the demo."""

from __future__ import annotations

import json
import re
from urllib.request import urlopen

import pytest

from rota.demo.web import served
from rota.testing.sim import Sim

PATIENCE = 30


@pytest.fixture
def rota():
    sim = Sim(web_port=0)
    yield sim.rota
    sim.rota.close()


def address(capsys):
    return re.search(r"The admin UI is at (http://\S+)", capsys.readouterr().out)[1]


def test_the_demo_says_where_its_face_is(rota, capsys):
    with served(rota, True):
        root = address(capsys).partition("/sign-in")[0]
        with urlopen(f"{root}/livez", timeout=PATIENCE) as answer:
            assert json.load(answer)["status"] == "ok"
    with pytest.raises(OSError):
        urlopen(f"{root}/livez", timeout=PATIENCE)


def test_two_demos_have_two_addresses(rota, capsys):
    with served(rota, True):
        first = address(capsys)
        port = int(re.search(r":(\d+)/", first)[1])
        other = Sim(web_port=port)
        with served(other.rota, True):
            assert address(capsys).split("/")[2] != first.split("/")[2]
        other.rota.close()


def test_the_demo_does_without(rota, capsys):
    with served(rota, False):
        assert capsys.readouterr().out == ""
