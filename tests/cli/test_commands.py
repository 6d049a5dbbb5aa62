"""What each command prints and stores, over a real SQLite file."""

from __future__ import annotations

import json
import re

import pytest

ODD = "odd [red] 'name' ü"
LATER = "2099-01-01T00:00:00Z"


# -- sync


def test_plan_finds_drift_and_sync_removes_it(shop):
    plan = shop("plan", shop.app, code=4)
    assert f"create   {ODD}" in plan.stdout
    assert "4 would be changed" in plan.stdout
    assert shop.json("sync", shop.app, "--dry-run")["dry_run"] is True
    assert shop.json("plan", shop.app, code=4)["changes"][0] == {
        "verb": "create",
        "schedule": "billing:daily",
        "detail": "daily 03:00 in Europe/Paris",
    }
    assert "4 changed" in shop("sync", shop.app).stdout
    assert "Nothing to do" in shop("plan", shop.app).stdout
    assert shop.json("sync", shop.app) == {"dry_run": False, "generation": 1, "changes": [], "unchanged": 4}


def test_sync_resets_overrides_only_when_told(synced):
    synced("override", "nightly", "priority", "7")
    synced("sync")
    assert synced.json("list", "--text", "nightly")[0]["overrides"] == ["priority"]
    assert "nightly" in synced("plan", "--reset", code=4).stdout
    synced("sync", "--reset")
    assert synced.json("list", "--text", "nightly")[0]["overrides"] == []


def test_migrate(shop):
    assert "would apply" in shop("migrate", shop.app, "--dry-run").stdout
    assert shop.json("migrate", shop.app)["steps"]
    assert shop("migrate", shop.app).stdout == "The schema is up to date.\n"


# -- look


def test_an_empty_store_teaches(shop):
    assert "run `rota sync`" in shop("list", shop.app).stderr
    said = shop("show", shop.app, "nightly", code=3).stderr
    assert "no schedule is named 'nightly'. Nothing is in the store yet: run `rota sync`" in said


def test_list_keeps_odd_names_and_filters(synced):
    out = synced("list").stdout
    assert ODD in out
    assert "Every day at 02:30, Europe/Paris" in out
    assert all(line == line.rstrip() for line in out.splitlines())
    assert [one["name"] for one in synced.json("list", "--tag", "house")] == ["nightly", ODD]
    assert [one["name"] for one in synced.json("list", "--task", "broken")] == ["billing:daily"]
    assert [one["name"] for one in synced.json("list", "--limit", "1", "--after", "billing:daily")] == [
        "nightly"
    ]
    assert synced.json("list", "--state", "retired") == []
    assert len(synced.json("list", "--runner", "local")) == 4
    assert "choose one of local." in synced("list", "--runner", "celery", code=2).stderr
    assert "No schedule matches" in synced("list", "--text", "zzz").stderr


@pytest.mark.parametrize("columns", [80, 100])
def test_a_narrow_terminal_still_shows_whole_names_and_ids(synced, columns, monkeypatch):
    run_id = synced("trigger", "nightly").stdout.strip()
    monkeypatch.setenv("COLUMNS", str(columns))
    for out in (synced("list").stdout, synced("runs").stdout):
        assert max(map(len, out.splitlines())) <= columns
        assert "nightly" in out
    assert run_id[-12:] in synced("runs").stdout


def test_list_as_json_has_documented_names(synced):
    [one] = synced.json("list", "--text", "nightly")
    assert list(one) == [
        "name", "id", "state", "source", "task", "runner", "timetable", "words", "timezone", "next_due",
        "queue", "tags", "description", "pause", "quarantine", "overrides", "revision", "cursor",
        "last_success", "runs_made", "active_runs", "last_run",
    ]  # fmt: skip
    assert (one["state"], one["source"], one["timezone"]) == ("active", "code", "Europe/Paris")
    assert one["next_due"].endswith("Z")


def test_show_masks_secrets_and_tells_who_overrode_what(synced):
    synced("override", "nightly", "time_limit", "25m", "--reason", "slow [disk]", "--until", LATER)
    out = synced("show", "nightly").stdout
    assert "hunter2" not in out
    assert "25m" in out
    assert "until 2099-01-01 00:00Z: slow [disk]" in out
    whole = synced.json("show", "nightly", "--runs", "0", "--count", "1")
    assert whole["declared"]["args"] == {"password": "••••••"}
    assert whole["effective"]["time_limit_seconds"] == 1500
    assert len(whole["upcoming"]) == 1
    assert "Did you mean 'nightly'" in synced("show", "nigtly", code=3).stderr


def test_odd_names_can_be_shown_and_changed(synced):
    assert ODD in synced("show", ODD).stdout
    assert f"{ODD}: paused" in synced("pause", ODD).stdout
    assert ODD in synced("list", "--state", "paused").stdout


# -- act


def test_trigger_and_tick_and_runs_and_logs(synced):
    run_id = synced("trigger", "-A", synced.app, "billing:daily", "--reason", "asked").stdout.strip()
    [waiting] = synced.json("runs", "--state", "pending")
    assert (waiting["id"], waiting["origin"], waiting["reason"]) == (run_id, "manual", "asked")
    assert synced("tick", "--log-level", "error", code=1).stdout == "1 failed\n"
    [run] = synced.json("runs", "--schedule", "billing:daily")
    assert run["state"] == "failed"
    assert run["failure"]["message"] == "no [bold]good[/bold]"
    assert "no [bold]good[/bold]" in synced("runs").stdout
    log = synced("logs", run_id[-12:])
    assert "about to fail" in log.stdout
    assert "ValueError: no [bold]good[/bold]" in log.stdout
    assert synced("logs", run_id, "--follow", code=1).stdout == log.stdout
    [attempt] = synced.json("logs", run_id)
    assert (attempt["attempt"], attempt["outcome"]) == (1, "failed")
    assert "last errors" in synced("show", "-A", synced.app, "billing:daily").stdout


def test_tick_prints_its_summary_alone_on_stdout(synced):
    synced("trigger", "nightly", "--arg", "limit=7")
    assert synced.json("tick") == {"ended": {"succeeded": 1}}
    [run] = synced.json("runs", "--task", "purge")
    assert (run["args"], run["result"]) == ({"limit": 7}, {"purged": 7})
    assert synced("tick").stdout == "nothing was due\n"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["enqueue", "purge", "--arg", "limti=1"], 2, "Did you mean 'limit'"),
        (["enqueue", "purge", "--arg", "limit=x"], 2, "expected `int`"),
        (["enqueue", "purge", "--arg", "limit"], 2, "name=value"),
        (["enqueue", "purge", "--args", "{"], 2, "it is no JSON"),
        (["enqueue", "purge", "--args", "[1]"], 2, "JSON object"),
        (["enqueue", "send"], 2, "it is required, and missing"),
        (["enqueue", "purgge"], 3, "Did you mean 'purge'"),
        (["enqueue", "purge", "--delay", "soon"], 2, "delay"),
        (["trigger", "nigtly"], 3, "Did you mean 'nightly'"),
        (["cancel", "abc"], 2, "at least its last 6"),
        (["cancel", "0" * 36], 3, "no run is named"),
        (["retry", "abcdef123"], 3, "no run is named"),
        (["logs", "abcdef123"], 3, "no run is named"),
        (["pause", "nightly", "--until", "2020-01-01"], 2, "later than now"),
        (["pause", "nightly", "--from", "2d", "--until", "2020-01-01"], 2, "later than now"),
        (["pause", "nightly", "--from", "soon"], 2, "--from"),
        (["pause"], 2, "--all"),
        (["pause", "nightly", "--all"], 2, "not both"),
        (["override", "nightly", "priority"], 2, "NAME FIELD VALUE"),
        (["override", "nightly", "priorty", "1"], 2, "Did you mean 'priority'"),
        (["override", "nightly", "timetable", "0 0 * * 8"], 2, "out of range 0-7"),
        (["why", "nightly"], 2, "--at"),
        (["backfill", "nightly", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "must be after start"),
        (["backfill", "nightly", "--from", "2026-01-02", "--to", LATER], 2, "in the future"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(synced, args, code, said):
    result = synced(*args, code=code)
    assert said in result.stderr
    assert result.stdout == ""
    assert synced.json("runs") == []


def test_all_runs_that_match_are_cancelled_and_that_is_undone(synced):
    for _ in range(3):
        synced("enqueue", "send", "-a", "user=7", "--delay", "1h")
    assert "(dry run) cancel: 3 pending" in synced("bulk", "cancel", "--task", "send", "--dry-run").stdout
    done = synced.json("bulk", "cancel", "--task", "send", "--reason", "wrong list")
    assert (done["changed"], done["states"]) == (3, {"pending": 3})
    assert {one["state"] for one in synced.json("runs", "--task", "send")} == {"cancelled"}
    undone = synced.json("bulk", "undo_cancel", "--task", "send", "--at", done["at"])
    assert undone["changed"] == 3
    assert len(synced.json("runs", "--task", "send", "--state", "pending")) == 3
    assert "choose one of retry" in synced("bulk", "explode", code=2).stderr


def test_cancel_and_retry(synced):
    run_id = synced.json("enqueue", "send", "-a", "user=7", "--delay", "1h", "--queue", "other", code=0)[
        "run"
    ]
    assert "may not" not in synced("cancel", run_id, "--dry-run").stdout
    assert synced.json("cancel", run_id[-8:], "--reason", "wrong")["at_once"] == [run_id]
    assert synced("cancel", run_id).stdout == f"{run_id}: has ended already\n"
    again = synced("retry", run_id, "--args", '{"user": 8}').stdout.strip()
    [newest, old] = synced.json("runs", "--task", "send")
    assert (newest["id"], newest["parent"], newest["args"], newest["queue"]) == (
        again,
        run_id,
        {"user": 8},
        "other",
    )
    assert old["state"] == "cancelled"
    assert "only a run that has ended" in synced("retry", again, code=2).stderr


def test_pause_and_resume_many(synced):
    plan = synced.json("pause", "--tag", "house", "--reason", "move", "--dry-run")
    assert [one["subject"] for one in plan["changed"]] == ["nightly", ODD]
    assert synced.json("list", "--state", "paused") == []
    done = synced.json("pause", "--tag", "house", "--reason", "move", "--until", LATER)
    assert [one["revision"] for one in done["changed"]] == [2, 2]
    assert synced.json("list", "--state", "paused")[0]["pause"]["until"] == LATER
    assert "Look again, then retry" in synced("resume", "nightly", "--revision", "1", code=1).stderr
    assert synced("resume", "--all").stdout.count("unchanged: it is not paused") == 2


def test_a_pause_is_planned_and_marked(synced):
    first, second, third, *_ = synced.json("next", "nightly", "-n", "4")
    out = synced("pause", "nightly", "--from", second, "--until", "3h", "--reason", "disk").stdout
    assert out.startswith(f"nightly: planned to be paused from {second} until ")
    assert synced.json("list", "--state", "paused") == []
    assert synced.json("next", "nightly", "-n", "2") == [first, third]
    lines = synced("next", "nightly", "-n", "2").stdout.splitlines()
    assert [line.split("   ")[1:] for line in lines[:2]] == [[first], [second, "paused"]]
    assert f"   {third}" in lines[2]
    assert synced("list").stdout.count("; paused from ") == 1
    shown = synced("show", "nightly", "--count", "2").stdout
    assert "active; a pause is planned by " in shown
    assert re.search(r"\n  .*   in \d+ .*   paused\n", shown)
    assert "It will not run: paused by" in synced("why", "nightly", "--at", second).stdout
    assert "not paused from" in synced("resume", "nightly").stdout
    assert synced.json("next", "nightly", "-n", "3") == [first, second, third]


def test_skip_and_override_and_clear(synced):
    before = synced.json("next", "nightly", "-n", "2")
    assert before[0] in synced("skip", "nightly").stdout
    assert synced.json("next", "nightly", "-n", "1") == before[1:]
    synced("resume", "nightly")
    out = synced("override", "nightly", "timetable", "daily 04:00").stdout
    assert out == "nightly: timetable: daily 02:30 in Europe/Paris -> daily 04:00 in Europe/Paris\n"
    assert (
        synced("override", "nightly", "timetable", "--clear").stdout
        == "nightly: timetable as declared again\n"
    )
    assert "nothing is overridden" in synced("override", "nightly", "--clear").stdout


def test_backfill(synced):
    span = ("nightly", "--from", "2026-01-01", "--to", "2026-01-04")
    plan = synced.json("backfill", *span, "--dry-run")
    assert [run["planned_at"] for run in plan["runs"]] == [f"2026-01-0{day}T01:30:00Z" for day in (1, 2, 3)]
    assert synced.json("runs") == []
    assert synced("backfill", *span).stderr == "3 runs made, 0 occurrences have one already\n"
    assert synced("backfill", *span).stderr == "0 runs made, 3 occurrences have one already\n"
    synced("tick")
    why = synced.json("why", "nightly", "--at", "2026-01-02 02:30")
    assert (why["verdict"], why["facts"]["origin"]) == ("ran", "backfill")


def test_why(synced):
    out = synced("why", "nightly", "--at", "2099-01-01 02:30").stdout
    assert out.startswith("It lies in the future, and is planned")
    assert "2099-01-01T01:30:00Z" in out
    told = synced.json("why", "nightly", "--at", "2099-01-01T02:31:00Z")
    assert (told["verdict"], told["previous"], told["next"]) == (
        "no_occurrence",
        "2099-01-01T01:30:00Z",
        "2099-01-02T01:30:00Z",
    )


def test_doctor(synced):
    result = synced("doctor", code=1)
    assert "no live worker" in result.stdout
    assert "`rota worker`" in result.stdout
    found = synced.json("doctor", code=1)
    assert {one["level"] for one in found} == {"error"}
    assert set(found[0]) == {"level", "subject", "problem", "remedy"}


def test_doctor_settings_say_where_each_value_comes_from(shop, monkeypatch):
    (shop.folder / "pyproject.toml").write_text('[tool.rota]\nconcurrency = 3\nqueues = ["a", "b"]\n')
    monkeypatch.setenv("ROTA_LEASE", "20s")
    told = shop.json("doctor", shop.app, "--settings")
    assert told["concurrency"] == {"value": 3, "source": "pyproject.toml [tool.rota]"}
    assert told["lease_seconds"] == {"value": 20.0, "source": "the environment variable ROTA_LEASE"}
    assert told["timezone"]["source"] == "the caller"
    assert told["batch"]["source"] == "default"
    assert "ROTA_LEASE" in shop("doctor", shop.app, "--settings").stdout


def test_what_is_stored_can_not_steer_the_terminal(synced):
    synced("pause", "nightly", "--reason", "a\x1b[31mb")
    assert "\x1b" not in synced("show", "nightly").stdout
    assert json.loads(synced("list", "--json").stdout)
