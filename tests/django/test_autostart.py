"""Each server process is a node, and nothing else is."""

from __future__ import annotations

import signal
from contextlib import closing
from urllib.request import urlopen

import pytest

from rota.integrations.django.autostart import is_server
from rota.stores import open_store
from tests.system.web_kills import gunicorn, harass, manage, served, verify, wait_until

SERVING = {"RUN_MAIN": "true"}


@pytest.mark.parametrize(
    ("argv", "environment", "serves"),
    [
        (["/srv/shop/.venv/bin/gunicorn", "shop.wsgi"], {}, True),
        (["/usr/lib/python3/gunicorn/__main__.py", "shop.wsgi"], {}, True),
        (["/srv/shop/.venv/bin/uvicorn", "shop.asgi:application"], {}, True),
        (["/srv/shop/.venv/bin/daphne", "shop.asgi:application"], {}, True),
        (["mod_wsgi"], {}, True),
        ([""], {}, True),
        ([], {}, True),
        (["manage.py", "runserver"], SERVING, True),
        (["./manage.py", "runserver", "8000"], {}, False),
        (["manage.py", "runserver", "--noreload"], {}, True),
        (["manage.py", "runserver_plus"], SERVING, True),
        (["manage.py", "migrate"], {}, False),
        (["manage.py", "shell"], {}, False),
        (["manage.py", "test"], {}, False),
        (["manage.py"], {}, False),
        (["/usr/bin/django-admin", "check"], {}, False),
        (["/usr/lib/python3/django/__main__.py", "check"], {}, False),
    ],
)
def test_a_server_is_told_from_a_command(argv, environment, serves):
    assert is_server(argv, environment) is serves


def test_a_test_is_no_server():
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    try:
        assert not is_server(["gunicorn"], {})
    finally:
        teardown_test_environment()


def nodes(url):
    with closing(open_store(url)) as store:
        return store.nodes("shop")


@pytest.mark.parametrize("options", [(), ("--preload",)], ids=["workers load", "the parent loads"])
def test_each_worker_is_a_node_without_a_request_and_leaves_at_the_end(database_url, tmp_path, options):
    with gunicorn(database_url, tmp_path, *options, workers=2) as site:
        wait_until(lambda: len(nodes(database_url)) == 2, "a worker is no node")
        assert {node.pid for node in nodes(database_url)} == set(site.workers())
    assert nodes(database_url) == []


def test_a_worker_whose_node_is_asked_to_drain_goes_on_without_it(database_url, tmp_path):
    with gunicorn(database_url, tmp_path, workers=1) as site:
        wait_until(lambda: len(nodes(database_url)) == 1, "the worker is no node")
        (node,) = nodes(database_url)
        manage(database_url, "rota", "node", "drain", node.id, "--reason", "by the test")
        wait_until(lambda: nodes(database_url) == [], "the node does not leave")
        with urlopen(f"http://127.0.0.1:{site.port}/health", timeout=60) as answer:
            assert answer.status == 200
        assert site.workers() == [node.pid]
        assert nodes(database_url) == []


ASGI = ("uvicorn", "--port", "{port}", "tests.django.project.asgi:application")
RUNSERVER = ("tests.django.project.manage", "runserver", "--skip-checks", "{port}")


@pytest.mark.parametrize(
    ("words", "end"),
    [(ASGI, signal.SIGTERM), (ASGI, signal.SIGINT), (RUNSERVER, signal.SIGINT)],
    ids=["uvicorn", "uvicorn in a terminal", "runserver under autoreload"],
)
def test_other_servers_are_one_node_too(database_url, tmp_path, words, end):
    with served(database_url, tmp_path, *words, end=end) as site:
        wait_until(lambda: bool(nodes(database_url)), "the server is no node")
        (node,) = nodes(database_url)
        assert node.pid in (site.process.pid, *site.workers())
    assert nodes(database_url) == [], (tmp_path / "server.log").read_text()


def test_workers_killed_and_reloaded_at_random_run_each_occurrence_once(database_url, tmp_path):
    with gunicorn(database_url, tmp_path) as site:
        harass(site, 10, seed=7)
        verify(site)


def test_a_command_starts_no_node(database_url):
    program = "from django.test import Client; print(Client().get('/health').status_code)"
    assert manage(database_url, "shell", "-v0", "-c", program, AUTOSTART=True) == "200\n"
    assert nodes(database_url) == []
