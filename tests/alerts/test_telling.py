"""A rota that works, and tells a service what goes wrong; on both stores, in virtual time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import Rota, every
from rota.alerts.task import last_account
from rota.core.records import RunQuery, RunState
from rota.errors import InvalidValue, NotPermitted
from rota.operations.actor import Actor, Role
from rota.operations.alerting import alerts, check_addresses, send_test
from rota.operations.authoring import create_schedule
from rota.operations.doctor import doctor
from rota.operations.history import audit, list_runs

MINUTE = timedelta(minutes=1)
ROOT = Actor("root", Role.ADMIN, "test")


class Charges:
    """A task that fails while it is told to."""

    def __init__(self, rota: Rota) -> None:
        self.error: str | None = None

        @rota.task
        def charge(card: str = "4711-4711") -> None:
            if self.error is not None:
                raise ValueError(self.error)

        rota.schedule(charge, every("5m"), name="charges", args={"card": "4712-4712"})
        self.task = charge


@pytest.fixture
def rota(make):
    return make(web_url="https://rota.example.com")


@pytest.fixture
def charges(rota):
    made = Charges(rota)
    rota.tick()
    return made


def work(rota, clock, span=MINUTE):
    """Let time pass, with a pass each minute."""
    for _ in range(span // MINUTE):
        clock.advance(MINUTE)
        rota.tick()


def looks(rota, channel="json"):
    return list_runs(rota, RunQuery(schedule=f"rota.alerts.{channel}", limit=100))


def test_a_failure_and_its_recovery_are_told_once(rota, clock, service, charges):
    work(rota, clock, 5 * MINUTE)
    assert service.messages == []
    charges.error = "card refused\nby https://ann:tiger@bank.example.com"
    work(rota, clock, 15 * MINUTE)
    failed = list_runs(rota, RunQuery(states=(RunState.FAILED,)))
    assert len(failed) == 3
    (told,) = service.messages
    assert told.splitlines()[:3] == [
        "shop: 1 thing needs attention",
        "✘ charges failed: ValueError: card refused (a new error)",
        f"  https://rota.example.com/runs/{failed[-1].id}",
    ]
    assert "471" not in told
    charges.error = None
    work(rota, clock, 6 * MINUTE)
    assert len(service.messages) == 2
    assert service.messages[1].splitlines()[:2] == [
        "shop: recovered",
        "✔ charges succeeded again, after failing 3 times since 12:10",
    ]
    assert service.posted[1][1]["type"] == "success"


def test_secrets_in_an_error_are_masked(rota, clock, service, charges):
    charges.error = "no route to postgresql://ann:tiger@db/shop"
    work(rota, clock, 6 * MINUTE)
    (told,) = service.messages
    assert "postgresql://ann:••••••@db/shop" in told
    assert "tiger" not in told


def test_a_look_leaves_where_the_next_one_begins(rota, clock, charges):
    charges.error = "card refused"
    work(rota, clock, 7 * MINUTE)
    account = last_account(rota, "json", clock.now())
    assert account is not None
    assert account.until == clock.now()
    assert [(one.names, one.count) for one in account.known.values()] == [(("charges",), 1)]
    assert account.sent_by != looks(rota)[0].id
    assert {run.state for run in looks(rota)} == {RunState.SUCCEEDED}


def test_a_task_that_no_schedule_made_is_told_too(rota, clock, service, charges):
    charges.error = "card refused"
    charges.task.enqueue()
    work(rota, clock, 2 * MINUTE)
    assert "✘ charge failed: ValueError: card refused (a new error)" in service.messages[0]


def test_what_was_missed_is_told_with_the_gap(rota, clock, service, charges):
    work(rota, clock, 5 * MINUTE)
    clock.advance(timedelta(hours=2))
    work(rota, clock, 2 * MINUTE)
    (told,) = service.messages
    assert "✘ Nothing was scheduled for 118 minutes: no scheduler was running (from 12:06)" in told
    assert "✘ 23 occurrences of charges were missed since 12:10: no scheduler was running" in told


def test_a_look_that_waited_for_a_worker_says_so(rota, clock, service, charges):
    work(rota, clock, 2 * MINUTE)
    scheduler = rota.node(["scheduler"])
    clock.advance(MINUTE)
    tick = next(step for step in scheduler.steps if step.name == "tick")
    tick.step(clock.now())
    clock.advance(20 * MINUTE)
    work(rota, clock, 2 * MINUTE)
    assert any("✘ Nothing was run for 21 minutes: no worker was free" in one for one in service.messages)


def test_a_schedule_whose_task_is_gone_is_told_until_it_is_back(make, clock, service):
    before = make(alerts="")
    charges = Charges(before)
    before.tick()
    create_schedule(before, "by-ann", charges.task.name, "every 5m", ROOT)
    now = make()  # a release without the task
    now.tick()
    work(now, clock, 2 * MINUTE)
    (told,) = service.messages
    assert "✘ task charge: no loaded module declares it, but 1 schedules need it: by-ann" in told
    Charges(now)
    work(now, clock, 6 * MINUTE)
    assert "✔ No longer so: task charge: no loaded module declares it" in service.messages[1]
    assert len(service.messages) == 2


def test_only_what_is_asked_for_is_told(make, clock, service):
    rota = make(alert_on="missed")
    charges = Charges(rota)
    charges.error = "card refused"
    rota.tick()
    work(rota, clock, 12 * MINUTE)
    assert service.messages == []


def test_a_channel_that_fails_delays_no_other_and_loses_nothing(make, clock, service):
    rota = make(alerts=[service.url("/broken"), service.url()])
    charges = Charges(rota)
    charges.error = "card refused"
    rota.tick()
    work(rota, clock, 9 * MINUTE)
    good = [body["message"] for path, body in service.posted if path == "/ok"]
    # The other channel tells of both, each once; in one message or two, as they are done side by side.
    lines = [line for one in good for line in one.splitlines() if line.startswith("✘")]
    assert len(lines) == 2
    assert any(line.startswith("✘ charges failed: ValueError: card refused") for line in lines)
    assert any(line.startswith("✘ rota.alerts.json failed: ChannelFailed: channel") for line in lines)
    last = looks(rota)[0]
    assert last.state is RunState.FAILED
    assert last.failure is not None
    assert last.failure.kind.endswith("ChannelFailed")
    assert "channel 'json' has not taken the message" in last.failure.message
    view = {one.name: one for one in alerts(rota).channels}
    assert "has not taken the message" in view["json"].problem
    assert view["json-2"].problem == ""
    assert view["json-2"].going_on == 2
    assert any(line.startswith("rota.alerts.json failed") for line in view["json-2"].told)
    bad = [body["message"] for path, body in service.posted if path == "/broken"]
    assert len(bad) >= 2
    assert all("charges failed" in one for one in bad)


def test_without_channels_nothing_is_declared(make):
    rota = make(alerts="")
    rota.sync()
    assert "rota.alerts" not in rota.registry.tasks
    assert alerts(rota).channels == ()
    with pytest.raises(InvalidValue, match="no channel is set"):
        send_test(rota, ROOT)


def test_each_channel_has_a_schedule_and_one_that_is_gone_is_retired(make, service):
    first = make(alerts=["slack://a/b/c", service.url()])
    assert {line.name for line in first.sync().lines if "alerts" in line.name} == {
        "rota.alerts.slack",
        "rota.alerts.json",
    }
    second = make()
    assert [(line.verb, line.name) for line in second.sync().lines if line.name == "rota.alerts.slack"] == [
        ("retire", "rota.alerts.slack")
    ]


def test_a_test_is_sent_to_each_and_audited(make, clock, service):
    rota = make(alerts=[service.url(), service.url("/broken")], web_url="https://rota.example.com")
    tested = send_test(rota, ROOT)
    assert [(one.channel, bool(one.problem)) for one in tested] == [("json", False), ("json-2", True)]
    assert service.messages[0].startswith("shop: a test\nroot tests the alerts of rota shop")
    (line,) = audit(rota)
    assert (line.actor, line.action, line.subject) == ("root", "test alerts", "rota.alerts")
    assert line.after["json"] == "sent"
    assert [one.channel for one in send_test(rota, ROOT, "json")] == ["json"]
    with pytest.raises(InvalidValue, match="choose one of json, json-2"):
        send_test(rota, ROOT, "slack")
    with pytest.raises(NotPermitted):
        send_test(rota, Actor("vic", Role.OPERATOR, "test"))


def test_the_doctor_names_an_address_that_can_not_be_used(make):
    rota = make(alerts="slack://only-one-part")
    found = [one for one in doctor(rota) if one.subject == "alerts to slack"]
    assert len(found) == 1
    assert "only-one-part" not in found[0].problem
    assert [bool(one.problem) for one in check_addresses(rota)] == [True]
    assert not [one for one in doctor(rota, thorough=False) if "alerts" in one.subject]
