"""Reads: views, masking, advice, and what the doctor says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota import Rota, parse_timetable
from rota.core.records import Node, RunQuery, ScheduleQuery
from rota.operations import shapes
from rota.operations.advice import warnings_about, zone_of
from rota.operations.changing import override, pause
from rota.operations.doctor import doctor
from rota.operations.masking import MASK, masked
from rota.operations.schedules import get_schedule, list_schedules, upcoming
from rota.testing.clock import instant

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


# -- masking


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "DB_PASSWORD",
        "apiKey",
        "api-key",
        "secret",
        "clientSecret",
        "access_token",
        "Authorization",
        "pin",
    ],
)
def test_a_value_whose_key_looks_secret_is_masked(key):
    assert masked({"outer": [{key: "hunter2"}]}) == {"outer": [{key: MASK}]}


@pytest.mark.parametrize("key", ["limit", "author", "keyboard", "spin", "compass", "batch_size"])
def test_other_values_are_shown(key):
    assert masked({key: "hunter2"}) == {key: "hunter2"}


def test_a_password_inside_a_url_is_masked():
    assert masked("postgresql://ann:hunter2@db/shop") == f"postgresql://ann:{MASK}@db/shop"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_masking_keeps_the_shape_and_is_done_once(value):
    once = masked(value)
    assert masked(once) == once
    if isinstance(value, dict):
        assert list(once) == list(value)


# -- views


def test_a_view_knows_what_will_run(shop, ann):
    assert upcoming(shop.rota, "nightly", 2) == [instant("2026-03-02 02:00"), instant("2026-03-03 02:00")]
    pause(shop.rota, "nightly", ann, until=instant("2026-03-03 02:00"))
    assert upcoming(shop.rota, "nightly", 1) == [instant("2026-03-03 02:00")]
    pause(shop.rota, "nightly", ann)
    assert upcoming(shop.rota, "nightly", 2) == []
    [nightly, often] = list_schedules(shop.rota)
    assert (nightly.state, nightly.next_due, often.state) == ("paused", None, "active")
    assert [one.schedule.name for one in list_schedules(shop.rota, ScheduleQuery(tag="traffic"))] == ["often"]


def test_everything_about_a_schedule_as_json(shop, ann):
    override(shop.rota, "nightly", "time_limit", "90s", ann, "slow disk", until=instant("2026-03-09"))
    shop.start_node()
    shop.run_until("2026-03-03 12:00")
    whole = shapes.detail(get_schedule(shop.rota, "nightly"))
    assert json.loads(json.dumps(whole)) == whole
    assert whole["overrides"] == [
        {
            "field": "time_limit",
            "value": "1m30s",
            "by": "ann",
            "reason": "slow disk",
            "until": "2026-03-09T00:00:00Z",
        }
    ]
    assert whole["declared"]["time_limit_seconds"] is None
    assert whole["effective"]["time_limit_seconds"] == 90.0
    assert whole["upcoming"][0] == "2026-03-04T02:00:00Z"
    assert [run["planned_at"] for run in whole["runs"]] == ["2026-03-03T02:00:00Z", "2026-03-02T02:00:00Z"]


def test_secrets_never_leave_a_read(ann):
    rota = Rota("vault", store="sqlite:///:memory:", housekeeping=False)

    @rota.task
    def call(token: str, limit: int = 1) -> None: ...

    rota.schedule(call, "5m", args={"token": "hunter2"})
    rota.sync()
    override(rota, "call", "args", {"token": "hunter3", "limit": 2}, ann)
    call.enqueue(token="hunter2")
    shown = [
        shapes.detail(get_schedule(rota, "call")),
        [shapes.run(one) for one in rota.store.runs(RunQuery())],
        [shapes.audit_line(one) for one in rota.store.audit("vault")],
        [(one.declared, one.override, one.effective) for one in get_schedule(rota, "call").fields],
    ]
    rota.close()
    assert "hunter" not in json.dumps(shown)


# -- advice


@pytest.mark.parametrize(
    ("text", "timezone", "said"),
    [
        ("30 2 13 * 5", None, "either is enough"),
        ("30 2 */2 * 5", None, "both must match"),
        ("0 * * * *", None, "top of the hour"),
        ("30 2 * * *", "Europe/Paris", "Clocks skip 02:30 on 29 March 2026 in Europe/Paris: it is due once"),
        ("30 2 * * *", "Europe/Paris", "Clocks show 02:30 on 25 October 2026 twice"),
        ("daily 02:30", "Europe/Paris", "at 03:00"),
        ("daily 02:30 gap skip", "Europe/Paris", "not due then"),
        ("once 2020-01-01T00:00:00Z", None, "never due again"),
        ("(daily 02:30) | (5m)", "Europe/Paris", "Clocks skip 02:30"),
    ],
)
def test_what_may_surprise_is_said(text, timezone, said):
    assert said in " ".join(warnings_about(parse_timetable(text, timezone), NEW_YEAR))


@pytest.mark.parametrize("text", ["7 4 * * *", "*/5 * * * *", "5m", "H * * * *", "daily 12:00"])
def test_what_is_plain_needs_no_warning(text):
    assert warnings_about(parse_timetable(text, "Europe/Paris"), NEW_YEAR) == []


def test_the_zone_of_a_timetable():
    assert zone_of(parse_timetable("(5m) | (daily 02:00 in Asia/Tokyo)")) == "Asia/Tokyo"
    assert zone_of(parse_timetable("5m")) is None


# -- the doctor


def said(sim):
    return {(str(one.level), one.subject) for one in doctor(sim.rota)}


def test_the_doctor_is_content(shop):
    shop.start_node()
    shop.advance(timedelta(minutes=1))
    assert said(shop) == {("ok", "rota")}


def test_the_doctor_misses_nodes_and_a_sync(sim):
    sim.declare("nightly", "daily 02:00")
    found = doctor(sim.rota)
    assert [(str(one.level), one.subject) for one in found] == [
        ("error", "nodes"),
        ("error", "nodes"),
        ("warning", "sync"),
    ]
    assert all(one.remedy for one in found)


def test_the_doctor_sees_queues_nobody_serves(shop, ann):
    shop.rota.task(name="mail", queue="mail [x]")(lambda: None).enqueue()
    shop.rota.node(("scheduler", "worker"), queues=["default"], runner=None).steps[0].step(shop.clock.now())
    assert ("error", "queue mail [x]") in said(shop)
    [one] = [one for one in doctor(shop.rota) if one.subject.startswith("queue")]
    assert one.remedy == "`rota worker --queues 'mail [x]'`"


def test_the_doctor_sees_clocks_hosts_and_releases(shop):
    shop.start_node()
    shop.advance(timedelta(minutes=1))
    [node] = shop.rota.store.nodes("sim")
    other = replace(
        node, id="other", host="elsewhere", clock_offset=timedelta(hours=1), generation=node.generation - 1
    )
    shop.rota.store.join(other)
    assert {("warning", "node other"), ("error", "store"), ("info", "nodes")} <= said(shop)


def test_the_doctor_sees_broken_and_overridden_schedules(shop, ann):
    shop.start_node()
    shop.advance(timedelta(minutes=1))
    override(shop.rota, "often", "priority", "1", ann)
    pause(shop.rota, "nightly", ann)
    shop.run_until("2026-03-12 00:00")
    assert {("info", "often"), ("warning", "nightly")} <= said(shop)


def test_the_doctor_reaches_no_store():
    rota = Rota("shop", store="sqlite:////nonexistent/folder/rota.db")
    [finding] = doctor(rota)
    assert (str(finding.level), finding.subject) == ("error", "store")
    assert "ROTA_STORE" in finding.remedy


def test_node_json_names_units():
    node = Node(
        id="n",
        rota="r",
        host="h",
        pid=1,
        version="1",
        roles=("worker",),
        started_at=NEW_YEAR,
        seen_at=NEW_YEAR,
    )
    assert shapes.node(node)["clock_offset_seconds"] == 0.0
