"""Errors: what failed alike is one line, and is retried together, one canary first."""

import re
from datetime import timedelta

import pytest

from rota.core.records import ClaimRequest, Outcome, RunState, Settlement
from rota.operations.grouping import error_groups
from tests.web.ui.conftest import text_of
from tests.web.ui.shop import HOSTILE


@pytest.fixture
def key(shop):
    (group,) = error_groups(shop)
    return group.fingerprint


def test_runs_that_failed_alike_are_one_line(viewer):
    page = viewer.page("/errors")
    assert len(re.findall(r'id="error-', page)) == 1
    assert "ValueError" in page
    assert "shop.py:" in page
    assert HOSTILE not in page


def test_a_group_shows_its_traceback_and_its_runs(viewer, key):
    page = viewer.page(f"/errors/{key}")
    for run in viewer.runs(states=(RunState.FAILED,)):
        assert f'href="/runs/{run.id}"' in page
    assert "in charge" in page
    assert HOSTILE not in page


def test_one_canary_is_retried_first_then_the_others(operator, key):
    failed = operator.runs(states=(RunState.FAILED,))
    assert f"{len(failed)} runs of this group have not been retried." in operator.page(f"/errors/{key}/retry")
    page = operator.send(f"/errors/{key}/retry", how="canary")
    assert "One run is retried. How it ends is said here" in page
    (canary,) = [run for run in operator.runs() if run.parent]
    assert canary.parent == failed[0].id
    page = operator.send(f"/errors/{key}/retry", how="all")
    assert f"{len(failed) - 1} {'run' if len(failed) == 2 else 'runs'} retried." in page
    assert {run.parent for run in operator.runs() if run.parent} == {run.id for run in failed}


def test_the_outcome_of_the_canary_is_shown_and_then_the_others_are_offered(
    operator, viewer, key, shop, clock
):
    page = operator.send(f"/errors/{key}/retry", how="canary")
    assert "Its outcome is here as soon as it has ended." in page
    assert "Retry the other" not in page

    shop.tick()  # the canary fails, as all before
    clock.advance(timedelta(minutes=2))  # by then every page is drawn anew
    page = operator.page(f"/errors/{key}")
    assert "It has failed again: what breaks them is not mended yet." in page
    assert "Retry the other" not in page

    operator.send(f"/errors/{key}/retry", how="canary")
    (canary,) = operator.runs(states=(RunState.PENDING,))
    request = ClaimRequest(
        node="n", rota="shop", queues=("default",), tasks=("charge",), now=clock.now(),
        until=clock.now() + timedelta(minutes=1), limit=1,
    )  # fmt: skip
    (claimed,) = shop.store.claim(request)
    done = Settlement(
        run_id=canary.id, token=claimed.token, attempt=1, outcome=Outcome.SUCCEEDED,
        state=RunState.SUCCEEDED,
        started_at=clock.now(), finished_at=clock.now(),
    )  # fmt: skip
    assert shop.store.settle([done], clock.now()) == []
    clock.advance(timedelta(minutes=2))  # by then every page is drawn anew
    page = operator.page(f"/errors/{key}")
    assert "It went well this time" in page
    assert "Retry the other" in page
    assert "Retry the other" not in viewer.page(f"/errors/{key}")
    operator.send(f"/errors/{key}/retry", how="all")
    assert "Retry the other" not in operator.page(f"/errors/{key}")


def test_the_canary_is_the_default(operator, key):
    operator.send(f"/errors/{key}/retry")
    assert len([run for run in operator.runs() if run.parent]) == 1


def test_a_viewer_sees_and_does_not_retry(viewer, key):
    assert "Retry…" not in viewer.page(f"/errors/{key}")
    assert viewer.get(f"/errors/{key}/retry").status_code == 403
    assert viewer.post(f"/errors/{key}/retry").status_code == 403


def test_a_group_that_there_is_not_is_not_found(operator):
    assert operator.get("/errors/000000000000").status_code == 404
    assert operator.post("/errors/000000000000/retry").status_code == 404


def test_without_failures_the_page_says_so(clock):
    from rota import Rota
    from rota.operations.actor import Role
    from rota.web.app import WebApp
    from tests.web.ui.conftest import Visitor

    rota = Rota("calm", store="sqlite:///:memory:", clock=clock, housekeeping=False)
    assert "No run has failed in 7 days." in text_of(Visitor(WebApp(rota), Role.VIEWER).page("/errors"))
    rota.close()
