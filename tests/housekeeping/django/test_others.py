"""Stuck rows, retries, statistics and backups."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.db.models import F

from rota import every
from rota.core.records import RunQuery, RunState
from rota.errors import InvalidValue
from rota.housekeeping.django import backup, figures, mark_stuck, purge, retry_failed, statistics
from rota.housekeeping.django.retrying import _Row
from rota.housekeeping.errors import BackupFailed
from tests.housekeeping.django.project.models import Report


# -- stuck
def test_rows_that_are_in_work_for_too_long_are_marked(database, now):
    for hours, status in [(2, "running"), (3, "running"), (0.5, "running"), (5, "done")]:
        Report.objects.create(created_at=now, started_at=now - timedelta(hours=hours), status=status)
    made = mark_stuck(
        Report,
        where={"status": "running"},
        longer_than="1h",
        using="started_at",
        set={"status": "failed", "tries": F("tries") + 1},
        batch_size=1,
    ).function
    assert made(dry_run=True) == {"would_be_marked": 2, "dry_run": True}
    assert made()["marked"] == 2
    assert sorted(Report.objects.values_list("status", "tries")) == [
        ("done", 0),
        ("failed", 1),
        ("failed", 1),
        ("running", 0),
    ]
    assert made()["marked"] == 0


def test_what_is_set_must_be_a_column():
    with pytest.raises(InvalidValue, match="Did you mean 'status'"):
        mark_stuck(Report, where={}, longer_than="1h", using="started_at", set={"statu": "failed"})


# -- retries
def retrying(**options):
    return retry_failed(
        Report,
        where={"status": "failed"},
        call="give_way",
        attempts="tries",
        succeeded={"status": "done"},
        given_up={"status": "abandoned"},
        **options,
    ).function


def test_rows_that_failed_are_tried_until_they_succeed(database, now):
    Report.objects.create(created_at=now, status="failed")
    made = retrying(most=3)
    assert made(dry_run=True) == {"would_be_tried": 1, "dry_run": True}
    assert [made()["failed"] for _ in range(2)] == [1, 1]
    assert made()["succeeded"] == 1
    assert (Report.objects.get().status, Report.objects.get().tries) == ("done", 3)
    assert made() == {"succeeded": 0, "failed": 0, "given_up": 0, "skipped": 0, "finished": True}


def test_a_row_that_goes_on_failing_is_given_up(database, now):
    Report.objects.create(created_at=now, status="failed")
    made = retrying(most=2)
    assert [made()["given_up"] for _ in range(2)] == [0, 1]
    assert Report.objects.get().status == "abandoned"


def test_the_next_attempt_waits(database, now):
    Report.objects.create(created_at=now, status="failed")
    made = retrying(tried_at="tried_at", delay="5m")
    assert made()["failed"] == 1
    assert made()["failed"] == 0
    Report.objects.update(tried_at=now - timedelta(minutes=6))
    assert made()["failed"] == 1


def test_two_at_once_try_each_row_once(database, now):
    Report.objects.bulk_create(Report(created_at=now, status="failed") for _ in range(60))
    keys = list(Report.objects.values_list("pk", flat=True))
    row = _Row("expire", "tries", 5, None, {}, {})
    waiting = Report.objects.filter(status="failed")
    barrier, told = threading.Barrier(2), []

    def run(order):
        barrier.wait()
        try:
            told.extend(row.retry(waiting, key, 0) for key in order)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[order]) for order in (keys, keys[::-1])]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (told.count("succeeded"), told.count("skipped")) == (60, 60)
    assert set(Report.objects.values_list("status", "tries")) == {("expired", 1)}


# -- statistics
def test_the_results_are_the_history(database, now, rota):
    Report.objects.create(created_at=now)
    counts = {"reports": Report, "failed": Report.objects.filter(status="failed"), "half": lambda: 0.5}
    rota.schedule(statistics("numbers", counts), every("6h"))
    task = rota.registry.task("numbers")
    for _ in range(2):
        task.enqueue()
        rota.tick()
        Report.objects.create(created_at=now, status="failed")
    assert [one.counts for one in figures(rota, "numbers")] == [
        {"reports": 2, "failed": 1, "half": 0.5},
        {"reports": 1, "failed": 0, "half": 0.5},
    ]
    assert len(figures(rota, "numbers", last=1)) == 1


def test_what_can_not_be_counted_is_refused():
    with pytest.raises(InvalidValue, match="users: 3"):
        statistics("numbers", {"users": 3})


# -- backups
def restored(file, server, tmp_path):
    """Return how many reports a backup holds."""
    if file.suffix == ".sqlite3":
        with closing(sqlite3.connect(file)) as copy:
            return copy.execute("SELECT count(*) FROM project_report").fetchone()[0]
    dsn = server.create_database()
    subprocess.run(["pg_restore", "--no-owner", "-d", dsn, file], check=True)
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT count(*) FROM project_report").fetchone()[0]


def test_a_backup_is_made_before_rows_are_deleted(reports, tmp_path, postgres_server):
    told = purge(Report, older_than="30d", using="created_at", before=backup(tmp_path / "backups")).function()
    file = Path(told["backup-default"]["file"])
    assert told["deleted"] == 25
    assert restored(file, postgres_server, tmp_path) == 30
    assert [one.name for one in (tmp_path / "backups").iterdir()] == [file.name]
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_is_deleted_without_its_backup(reports, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BackupFailed, match="'default' failed"):
        purge(Report, older_than="30d", using="created_at", before=backup(tmp_path / "file")).function()
    assert Report.objects.count() == 30


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_program_that_fails_or_is_missing_is_told(reports, tmp_path, monkeypatch):
    missing = backup(tmp_path / "backups", tables=[Report])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackupFailed, match="pg_dump is not installed"):
        missing.function()
    monkeypatch.undo()
    monkeypatch.setenv("PGOPTIONS", "-c search_path=nowhere -c statement_timeout=1ms")
    with pytest.raises(BackupFailed, match="pg_dump ended with 1"):
        missing.function()
    assert list((tmp_path / "backups").iterdir()) == []


def test_no_backup_when_nothing_is_to_be_deleted(database, tmp_path):
    told = purge(Report, older_than="30d", using="created_at", before=backup(tmp_path / "backups")).function()
    assert told["deleted"] == 0
    assert not (tmp_path / "backups").exists()


def test_the_newest_backups_stay(database, tmp_path):
    folder = tmp_path / "backups"
    made = backup(folder, keep=2).function
    stranger = folder / "backup-default-by-hand.dump"
    first = made()["file"]
    stranger.write_text("not ours")
    for file in list(folder.glob("*Z-*")):  # two that are older
        for stamp in ("20250101T000000Z", "20240101T000000Z"):
            parts = file.name.split("-")
            (folder / "-".join([*parts[:2], stamp, *parts[3:]])).write_bytes(file.read_bytes())
    told = made()
    assert told["removed"] == 2
    assert {one.name for one in folder.iterdir()} == {
        Path(first).name,
        Path(told["file"]).name,
        stranger.name,
    }


def test_a_backup_of_some_tables(reports, tmp_path):
    file = backup(tmp_path / "backups", tables=["project.Report"]).function()["file"]
    if file.endswith(".dump"):
        found = subprocess.run(
            ["pg_restore", "--list", file], capture_output=True, text=True, check=True
        ).stdout
        assert "TABLE DATA public project_report" in found
        assert "project_page" not in found


def test_a_run_that_is_tried_again_keeps_its_first_backup(reports, tmp_path, rota):
    Report.objects.filter(pk=reports[0].pk).update(content="cursed")
    ready = purge(
        Report, older_than="30d", using="created_at", action="expire", before=backup(tmp_path / "backups")
    )
    task = rota.task(ready, retries=1, backoff="0s")
    run_id = task.enqueue()
    for _ in range(2):
        rota.tick()
    (run,) = rota.store.runs(RunQuery(rota=rota.name))
    assert (run.id, run.state, run.attempt) == (run_id, RunState.FAILED, 2)
    assert "RowsFailed" in run.failure.kind
    assert len(list((tmp_path / "backups").iterdir())) == 1
    assert "row failed" in rota.store.attempts(run_id)[0].log


@pytest.mark.parametrize("options", [{"to": ""}, {"to": "s3://bucket"}, {"to": "x", "keep": 0}])
def test_a_backup_that_can_not_be_is_refused(options):
    with pytest.raises(InvalidValue):
        backup(**options)
