"""What a team does with its project, each in a process of its own: tests, checks, commands, a node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from rota.core.records import RunQuery
from rota.stores import open_store
from tests.system.web_kills import ROOT, environment, manage, wait_until


@pytest.fixture
def empty_url(kind, request, tmp_path):
    """Where the project has no table yet."""
    return (
        request.getfixturevalue("postgres_dsn") if kind == "postgres" else f"sqlite:///{tmp_path / 'shop.db'}"
    )


def drop_test_database(kind, request, url):
    if kind == "postgres":
        request.getfixturevalue("postgres_server").drop_database(f"{url}_django")


def test_its_tests_see_and_forget_runs(empty_url, kind, request):
    try:
        manage(empty_url, "test", "--noinput", "tests.django.project.shop.tests")
    finally:
        drop_test_database(kind, request, empty_url)


def test_its_tests_do_so_under_pytest(empty_url, kind, request):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "django", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, "-o", "addopts=--import-mode=importlib", "tests/django/project/with_pytest.py"],
            env=environment(empty_url),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "2 passed" in done.stdout, done.stdout + done.stderr
    finally:
        drop_test_database(kind, request, empty_url)


def test_it_passes_the_checks_before_a_deployment(empty_url):
    manage(empty_url, "check", "--deploy")
    manage(empty_url, "makemigrations", "--check", "--dry-run")


def test_its_migration_shows_the_very_ddl_of_the_store(empty_url, kind):
    from rota.stores.sql.statements import load_steps, split_script

    shown = manage(empty_url, "sqlmigrate", "rota", "0001")
    package = "rota.stores.postgres" if kind == "postgres" else "rota.stores.sqlite"
    ((_, _, text),) = load_steps(package)
    for statement in split_script(text):
        assert statement.strip() in shown
    assert "DROP TABLE" in manage(empty_url, "sqlmigrate", "rota", "0001", "--backwards")


def test_a_node_runs_bodies_in_threads_and_processes_with_the_models_of_the_project(empty_url):
    manage(empty_url, "migrate", "-v0")
    run_id = manage(empty_url, "rota", "enqueue", "count_orders").strip()
    node = subprocess.Popen(
        [sys.executable, "-m", "tests.django.project.manage", "rota", "run", "--log-format", "json"],
        env=environment(empty_url),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with closing(open_store(empty_url)) as store:
            wait_until(lambda: store.run(run_id).finished_at is not None, "it was not executed")
            assert (store.run(run_id).state, store.run(run_id).result) == ("succeeded", 0)
            wait_until(
                lambda: any(
                    run.state == "succeeded" for run in store.runs(RunQuery(rota="shop", schedule="mark"))
                ),
                "no occurrence was run",
            )
    finally:
        node.send_signal(signal.SIGTERM)
        _, log = node.communicate(timeout=60)
    assert node.returncode == 0
    assert [json.loads(line)["message"] for line in log.splitlines()][-1] == "node left"


def called(url, *words):
    """Call `manage.py rota`, whatever becomes of it."""
    command = [sys.executable, "-m", "tests.django.project.manage", "rota", *words]
    return subprocess.run(
        command, env=environment(url), cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_commands_have_the_exit_codes_of_the_command_line(empty_url):
    manage(empty_url, "migrate", "-v0")
    manage(empty_url, "rota", "sync")
    assert json.loads(manage(empty_url, "rota", "list", "--json"))[0]["name"] == "clearsessions"
    assert "`manage.py rota run`" in called(empty_url, "doctor").stdout
    for words, code in (
        (["show", "nothing"], 3),
        (["list", "--database", "elsewhere"], 2),
        (["migrate"], 2),
        (["runs", "--limit", "many"], 2),
    ):
        done = called(empty_url, *words)
        assert done.returncode == code, (words, done.stderr)


def test_what_was_refused_in_a_module_stops_nodes_and_not_the_site(empty_url):
    program = """
import django
django.setup()
from django.core import checks
from rota.integrations.django import rota
from rota.errors import InvalidTimetable
try:
    rota.schedule("ping", "61 * * * *", name="broken")
except InvalidTimetable as error:
    rota.registry.broken["shop.tasks"] = error
print([one.id for one in checks.run_checks(tags=["rota"]) if one.is_serious()])
try:
    rota.node()
except InvalidTimetable as error:
    print("no node:", error)
"""
    manage(empty_url, "migrate", "-v0")
    env = environment(empty_url)
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("['rota.E002']\nno node: '61 * * * *': minute 61"), (
        done.stdout + done.stderr
    )


def test_nothing_is_touched_by_a_start(tmp_path):
    url = f"sqlite:///{tmp_path / 'never.db'}"
    program = "import django, threading; django.setup(); print(threading.active_count())"
    env = {**os.environ, **environment(url, AUTOSTART=True)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert not (tmp_path / "never.db").exists()
