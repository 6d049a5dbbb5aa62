"""What leaves this machine by alerts, and what does not. Everything is really sent."""

from __future__ import annotations

import sys

import pytest

from rota.alerts import sending
from rota.alerts.channels import Channel, channels, is_public, read_addresses
from rota.alerts.digest import Message
from rota.alerts.sending import problem_with, send
from rota.core.masking import MASK
from rota.errors import InvalidValue, MissingExtra
from rota.settings import load

HERE = ["127.0.0.1"]
NEWS = Message("shop: 1 thing needs attention", "✘ nightly failed: ValueError")


def channel(url: str) -> Channel:
    return next(iter(channels([url]).values()))


def test_a_message_arrives_as_it_was_written(service):
    assert send(channel(service.url()), NEWS, HERE) is None
    assert service.messages == ["shop: 1 thing needs attention\n✘ nightly failed: ValueError"]
    assert service.posted[0][1]["type"] == "failure"


def test_an_address_of_this_network_is_refused_unless_its_host_is_allowed(service):
    problem = send(channel(service.url()), NEWS, [])
    assert problem is not None
    assert "127.0.0.1 is not an address of the internet" in problem
    assert "ROTA_ALERT_HOSTS" in problem
    assert send(channel(service.url().replace("127.0.0.1", "localhost")), NEWS, []) is not None
    assert service.posted == []


def test_mail_is_refused_there_too(service):
    problem = send(
        channel(
            f"mailto://ann:tiger-tiger@127.0.0.1:{service.server_port}?from=a@example.com&to=b@example.com"
        ),
        NEWS,
        [],
    )
    assert problem is not None
    assert "tiger" not in problem


def test_an_allowed_host_allows_no_other(service):
    problem = send(channel("json://169.254.169.254/latest/meta-data"), NEWS, HERE)
    assert problem is not None
    assert "169.254.169.254 is not an address of the internet" in problem


@pytest.mark.parametrize("more", ["", "?redirect=yes"])
def test_a_redirect_is_not_followed(service, more):
    problem = send(channel(service.url("/moved") + more), NEWS, HERE)
    assert problem is not None
    assert "302" in problem
    assert [path for path, _ in service.posted] == ["/moved"]


def test_what_a_service_answers_is_not_read_without_end(service):
    assert send(channel(service.url("/huge")), NEWS, HERE) is not None


def test_a_service_that_fails_is_told(service):
    problem = send(channel(service.url("/broken")), NEWS, HERE)
    assert problem is not None
    assert "500" in problem


def test_a_service_that_never_answers_ends_with_its_time(service):
    problem = send(channel(service.url()), NEWS, HERE, seconds=0.01)
    assert problem == "there was no answer within 0.01 seconds"


def test_what_apprise_can_not_read_is_said_without_sending(service):
    assert problem_with(channel(service.url())) is None
    problem = problem_with(channel("slackk://very/secret-words"))
    assert problem is not None
    assert "apprise does not know this kind of address" in problem
    assert "secret-words" not in problem
    assert service.posted == []


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr(sending, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'rota\[alerts\]'"):
        send(channel("slack://a/b/c"), NEWS, [])


def test_a_sender_that_can_not_start_is_said(monkeypatch, service):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    problem = send(channel(service.url()), NEWS, HERE)
    assert problem == "the sender has ended without an answer: exit code 1"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_of_the_internet(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("", ()),
        ("slack://a/b/c", ("slack://a/b/c",)),
        ("slack://a/b/c, mailto://ann:pw@example.com?to=x@y.z,v@w.u json://h/p", (
            "slack://a/b/c", "mailto://ann:pw@example.com?to=x@y.z,v@w.u", "json://h/p")),
        ("\n slack://a/b/c ;\n json://h/p,\n", ("slack://a/b/c", "json://h/p")),
        (["slack://a/b/c", "json://h/p"], ("slack://a/b/c", "json://h/p")),
    ],
)  # fmt: skip
def test_addresses_are_separated_by_commas_or_spaces(value, urls):
    assert load({"alerts": value}, {}).alerts == urls


@pytest.mark.parametrize(
    "value",
    ["hunter2", "slack://a/b/c hunter2", 7, ["x", 7], "gnome://", "syslog://x", "json://h/hunter2 " * 21],
)
def test_what_is_no_channel_is_refused_without_its_secret(value):
    with pytest.raises(InvalidValue) as caught:
        read_addresses("alerts", value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.field == "alerts"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("alert_on", "failed,failedd"),
        ("web_url", "rota.example.com"),
        ("web_url", "javascript:alert(1)"),
        ("alert_hosts", 7),
    ],
)
def test_other_values_that_can_not_be_used_are_refused(setting, value):
    with pytest.raises(InvalidValue, match=setting):
        load({setting: value}, {})


def test_channels_are_named_by_scheme_and_number():
    found = channels(["slack://a/b/c", "json://h/p", "slack://d/e/f"])
    assert list(found) == ["slack", "json", "slack-2"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://TOKENA/TOKENB/TOKENC", f"slack://{MASK}"),
        ("json://ann:tiger@hooks.example.com/secret/path?key=x", f"json://hooks.example.com/{MASK}"),
        ("mailto://ann:tiger@example.com", f"mailto://example.com/{MASK}"),
        ("tgram://123456:ABC-secret/42", f"tgram://{MASK}"),
        ("json://[broken/secret", f"json://{MASK}"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    one = channel(url)
    assert one.masked == shown
    assert "secret" not in repr(one)
    assert "TOKEN" not in repr(load({"alerts": url}, {}))
