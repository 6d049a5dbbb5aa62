"""Triggers from outside: proved by signature or OIDC, and done once however often they come."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.test import Client

from rota.testing.sim import Sim
from rota.web import WebApp
from rota.web.auth.triggers import signature
from tests.web.calls import fill

KEY = "k" * 32
NIGHTLY = "/api/v1/triggers/nightly"
DUE = "2026-03-02T02:00:00Z"
EMAIL = "caller@project.iam.example"
AUDIENCE, ISSUER = "https://rota.example/api", "https://accounts.google.com"


@pytest.fixture
def settings(keys):
    return {
        "trigger_key": KEY,
        "trigger_audience": AUDIENCE,
        "trigger_issuer": ISSUER,
        "trigger_email": EMAIL,
        "trigger_keys_url": keys.url,
    }


@pytest.fixture
def at_two(sim):
    sim.clock.move_to("2026-03-02 02:00:10")
    return sim


def signed(app, path=NIGHTLY, body=None, *, key=KEY, age=0, signed_path=None, headers=None):
    data = json.dumps({"scheduled_at": DUE} if body is None else body).encode()
    now = int(app.rota.clock.now().timestamp()) - age
    proof = {
        "X-Rota-Timestamp": str(now),
        "X-Rota-Signature": signature(key, now, "POST", signed_path or path, data),
    }
    return Client(app).post(path, data=data, headers={**proof, **(headers or {})})


def runs(sim):
    return [run.planned_at.isoformat() for run in sim.runs("nightly") if run.planned_at]


# -- signed with a shared key


def test_a_signed_trigger_runs_what_is_due_and_its_repeat_does_nothing(app, at_two):
    first = signed(app)
    assert (first.status_code, first.json["repeated"], first.json["executed"]) == (200, False, True)
    assert at_two.rota.store.run(first.json["run"]).state == "succeeded"
    for again in (signed(app), signed(app, body={"scheduled_at": "2026-03-02T03:00:00+01:00"})):
        assert again.json == {**first.json, "repeated": True, "executed": False}
    assert runs(at_two) == ["2026-03-02T02:00:00+00:00"]


def test_a_request_that_is_replayed_does_nothing(app, at_two):
    data = json.dumps({"scheduled_at": DUE}).encode()
    now = int(at_two.clock.now().timestamp())
    proof = {"X-Rota-Timestamp": str(now), "X-Rota-Signature": signature(KEY, now, "POST", NIGHTLY, data)}
    answers = [Client(app).post(NIGHTLY, data=data, headers=proof).json for _ in range(3)]
    assert [one["repeated"] for one in answers] == [False, True, True]
    assert len(runs(at_two)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "x" * 32},
        {"age": 301},
        {"age": -301},
        {"signed_path": "/api/v1/triggers/often"},
        {"headers": {"X-Rota-Signature": ""}},
        {"headers": {"X-Rota-Signature": "sha256=ü"}},
        {"headers": {"X-Rota-Timestamp": "now"}},
        {"headers": {"X-Rota-Timestamp": "²"}},
        {"headers": {"X-Rota-Timestamp": "9" * 400}},
    ],
    ids=str,
)
def test_a_wrong_an_old_and_a_borrowed_signature_are_refused(app, at_two, wrong):
    assert signed(app, **wrong).json["error"]["code"] == "not_signed_in"
    assert runs(at_two) == []


@pytest.mark.parametrize("age", [300, -300])
def test_clocks_may_differ_by_five_minutes(app, at_two, age):
    assert signed(app, age=age).status_code == 200


def test_with_a_signature_a_header_can_not_name_another_time(app, at_two):
    headers = {"X-Rota-Scheduled-At": "2026-03-02T01:00:00Z"}
    assert signed(app, body={}, headers=headers).json["error"]["field"] == "scheduled_at"


def test_without_a_key_no_signature_will_do():
    without = Sim("2026-03-02 02:00:10")
    fill(without)
    app = WebApp(without.rota)
    assert [signed(app).status_code, signed(app, key="").status_code] == [401, 401]
    without.rota.close()


# -- with the token of a cloud's scheduler


def oidc(keys, private=None, headers=None, **changes):
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "email": EMAIL, "email_verified": True, "sub": "1",
        "iat": 1_700_000_000, "exp": 4_000_000_000, **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt.encode(claims, private or keys.private, "RS256", {"kid": "first", **(headers or {})})
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"X-CloudScheduler-ScheduleTime": "2026-03-02T02:00:00.00Z"}, b""),
        ({"X-Amz-Scheduler-Scheduled-Time": DUE}, b""),
        ({"X-Rota-Scheduled-At": "2026-03-02T02:00:00+00:00"}, b"no json"),
        ({}, json.dumps({"time": DUE, "detail-type": "Scheduled Event"}).encode()),
        ({}, json.dumps({"scheduled_time": DUE}).encode()),
    ],
    ids=str,
)
def test_the_time_is_read_where_each_scheduler_sends_it(app, at_two, keys, headers, body):
    answer = Client(app).post(NIGHTLY, data=body, headers={**oidc(keys), **headers})
    assert answer.status_code == 200, answer.text
    assert runs(at_two) == ["2026-03-02T02:00:00+00:00"]
    assert at_two.rota.store.run(answer.json["run"]).state == "succeeded"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"email": "other@project.iam.example"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": 1_700_000_001},
        {"exp": None},
        {"iat": None},
        {"iat": 3_999_999_999},
        {"headers": {"kid": "second"}},
    ],
    ids=str,
)
def test_a_token_for_something_else_is_refused(app, at_two, keys, changes):
    answer = Client(app).post(NIGHTLY, json={"scheduled_at": DUE}, headers=oidc(keys, **changes))
    assert answer.status_code == 401
    assert runs(at_two) == []


def test_a_token_signed_by_another_key_is_refused(app, at_two, keys):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert Client(app).post(NIGHTLY, json={"time": DUE}, headers=oidc(keys, other)).status_code == 401


def test_strangers_can_not_make_us_fetch_keys_all_day(app, at_two, keys):
    Client(app).post(NIGHTLY, json={"time": DUE}, headers=oidc(keys))
    before = keys.asked
    for number in range(20):
        Client(app).post(NIGHTLY, json={"time": DUE}, headers=oidc(keys, headers={"kid": f"k{number}"}))
    assert keys.asked == before


# -- whoever triggers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        b"\xff",
        b'{"scheduled_at": "soon"}',
        b'{"scheduled_at": "2026-03-02T02:00:00"}',
        b'{"scheduled_at": 5}',
        b'{"scheduled_at": null}',
        b'{"scheduled_at": "0001-01-01T00:00:00+14:00"}',
        b'{"scheduled_at": "9999-12-31T23:59:59-14:00"}',
        b"[" * 5000,
    ],
    ids=str,
)
def test_a_trigger_without_a_time_is_refused(operator, body):
    assert operator.refused("POST", NIGHTLY, data=body)["field"] == "scheduled_at"


def test_a_trigger_ahead_of_time_and_of_nothing_is_refused(operator):
    assert "in the future" in operator.refused("POST", NIGHTLY, {"scheduled_at": DUE})["message"]
    operator.refused("POST", "/api/v1/triggers/nothing", {"scheduled_at": "2026-03-01T00:00:00Z"}, 404)


def test_a_late_trigger_leaves_no_hole(operator, sim):
    sim.clock.move_to("2026-03-05 02:00:10")
    operator.post(NIGHTLY, {"scheduled_at": "2026-03-05T02:00:00Z"})
    late = operator.post(NIGHTLY, {"scheduled_at": DUE})
    assert late["repeated"] is True
    assert sim.ran("nightly") == ["2026-03-05 02:00"]
    assert sim.skipped("nightly") == 3


def test_a_tick_decides_and_runs_what_is_due(operator, at_two):
    assert operator.post("/api/v1/tick")["ended"] == {"succeeded": 2, "missed": 1}
    assert operator.post("/api/v1/tick")["ended"] == {}
    assert at_two.ran("nightly") == ["2026-03-02 02:00"]
