"""Alerts of a project: the setting `ROTA` names channels, and a node of the project tells them."""

from __future__ import annotations

from contextlib import closing

from django.test import override_settings

from rota.core.records import RunQuery, RunState
from rota.operations.lookups import schedule_named
from tests.alerts.service import serving


def test_a_node_of_the_project_tells_its_channels(rota):
    with serving() as service:
        try:
            with override_settings(ROTA={"ALERTS": [service.url()], "ALERT_HOSTS": ["127.0.0.1"]}):
                rota.forget_settings()
                with closing(rota.stand_alone()) as node:
                    node.tick()
                    schedule = schedule_named(rota, "rota.alerts.json")
                    rota.registry.task("rota.alerts").enqueue(channel="json")
                    node.tick()
                (run,) = rota.store.runs(RunQuery(rota=rota.name, task="rota.alerts"))
                assert (run.state, run.failure) == (RunState.SUCCEEDED, None)
                assert schedule.effective.args == {"channel": "json"}
        finally:
            rota.forget_settings()
    assert rota.settings.alerts == ()
    assert "rota.alerts" not in rota.registry.tasks
