"""Settings in force, retention in numbers, alerts, tokens of programs, and what the doctor finds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from rota.core.policies import duration
from rota.operations import alerting, people
from rota.operations.actor import Role
from rota.operations.doctor import doctor
from rota.operations.masking import masked_setting
from rota.operations.retained import retained
from rota.operations.why_run import said
from rota.settings import NAMES, SECRET, Settings
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.told import tell

ROUTES = Routes()
LIVES = {"": "never", "30d": "in 30 days", "90d": "in 90 days", "365d": "in a year"}


def shown_settings(settings: Settings) -> list[tuple[str, str, str]]:
    """Return name, value and source of each setting. Keys are masked, and so are passwords in URLs."""
    return [
        (name, _shown(name, masked_setting(settings, name)), settings.sources.get(name, "default"))
        for name in NAMES
    ]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, timedelta):
        return said(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text or ("none" if name in SECRET else "–")


@ROUTES.get("/settings", Role.VIEWER, name="settings")
def settings(call: Call) -> Response:
    """Show what is set, and where; what retention does; alerts; tokens; findings."""
    is_admin = call.actor.role >= Role.ADMIN

    def make(now: datetime) -> dict[str, Any]:
        return {
            "rows": shown_settings(call.rota.settings),
            "kept": retained(call.rota),
            "tokens": people.tokens(call.rota, call.actor) if is_admin else [],
            "alerts": alerting.alerts(call.rota),
            "findings": doctor(call.rota, thorough=False),
            "lives": LIVES,
            "roles": [role.name.lower() for role in Role],
        }

    return call.app.pages.live(call, "settings.html", make)


@ROUTES.post("/settings/alerts/test", Role.ADMIN, name="settings.test_alerts")
def test_alerts(call: Call) -> Response:
    """Send a test message to each channel, and tell how each went."""
    tested = alerting.send_test(call.rota, call.actor)
    failed = [one for one in tested if one.problem]
    count = f"{len(tested)} {'channel' if len(tested) == 1 else 'channels'}"
    text = f"{len(failed)} of {count} failed." if failed else f"The test was taken by {count}."
    lines = [f"{one.channel}: {one.problem or 'sent'}" for one in tested]
    return tell(call, call.url("settings"), text, "bad" if failed else "good", lines=lines)


@ROUTES.post("/settings/tokens", Role.ADMIN, name="settings.create")
def create(call: Call) -> Response:
    """Make a token, and show its secret this once: it is on this page, and stored nowhere."""
    form = call.request.form
    expires = form.get("expires", "")
    life = duration("expires", expires) if expires else None
    secret, token = people.create_token(
        call.rota, form.get("label", ""), form.get("role", ""), call.actor, life
    )
    return call.app.pages.page(call, "token.html", 201, secret=secret, token=token)


@ROUTES.post("/settings/tokens/<token_id>/revoke", Role.ADMIN, name="settings.revoke")
def revoke(call: Call, token_id: str) -> Response:
    """Delete a token: its bearer is refused from now on."""
    people.revoke_token(call.rota, token_id, call.actor)
    return tell(
        call, call.url("settings") + "#tokens", "The token is revoked: its bearer is refused from now on."
    )
