"""One run: its story, its log, and what can be done about it."""

import json

import pytest

from rota.core.records import RunState
from rota.operations.masking import MASK
from tests.web.ui.conftest import text_of
from tests.web.ui.shop import HOSTILE, waiting


def test_a_failed_run_shows_its_error_with_the_traceback_folded(viewer):
    run = viewer.last(RunState.FAILED)
    page = viewer.page(f"/runs/{run.id}")
    assert "ValueError" in page
    assert "<summary>Traceback</summary>" in page
    assert "in charge" in page
    assert "It ran and failed: on time" in text_of(page)
    assert HOSTILE not in page


def test_its_life_is_told_in_order(viewer):
    run = viewer.last(RunState.FAILED)
    page = text_of(viewer.page(f"/runs/{run.id}"))
    life = page[page.index("scheduled 2026") :]
    assert life.index("scheduled") < life.index("queued") < life.index("attempt 1") < life.index("failed")


def test_arguments_and_results_are_shown_without_secrets(admin):
    run = admin.last(RunState.SUCCEEDED, task="greet")
    made = admin.send(f"/runs/{run.id}/retry", args='{"name": "Bea", "password": "tiger-tiger-tiger"}')
    assert "This is the new run." in made
    assert "tiger-tiger" not in made
    assert MASK in made
    page = admin.page(f"/runs/{run.id}")
    assert "secret-result" not in page
    assert "&#34;greeted&#34;: &#34;Ada&#34;" in page


def test_the_log_has_a_link_to_each_line(viewer):
    run = viewer.last(RunState.SUCCEEDED, task="count")
    page = viewer.page(f"/runs/{run.id}")
    assert 'id="L2"' in page
    assert 'href="#L2"' in page
    assert "row 2 of 3" in page
    assert HOSTILE not in page


def test_the_log_is_filtered_by_the_server_too(viewer):
    run = viewer.last(RunState.SUCCEEDED, task="count")
    page = viewer.page(f"/runs/{run.id}?find=ROW+2")
    assert "row 2 of 3" in page
    assert "row 1 of 3" not in page
    assert 'id="L2"' in page


def test_the_whole_log_is_plain_text(viewer):
    run = viewer.last(RunState.SUCCEEDED, task="count")
    answer = viewer.get(f"/runs/{run.id}/log")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text.count("row ") == 3


def test_it_leads_to_the_runs_before_and_after(viewer):
    newest, middle, oldest = viewer.runs(schedule="counts")[:3]
    page = viewer.page(f"/runs/{middle.id}")
    assert f'rel="prev" class="mono" href="/runs/{oldest.id}"' in page
    assert f'rel="next" class="mono" href="/runs/{newest.id}"' in page
    assert "none yet" in viewer.page(f"/runs/{newest.id}")


def test_a_retry_runs_the_same_again_and_both_know_of_each_other(operator):
    run = operator.last(RunState.FAILED)
    page = operator.send(f"/runs/{run.id}/retry", reason="again")
    (made,) = [one for one in operator.runs() if one.parent == run.id]
    assert f'href="/runs/{run.id}"' in page
    assert "Retried by" in operator.page(f"/runs/{run.id}")
    assert made.args == run.args


def test_a_retry_with_other_arguments_takes_them(operator):
    run = operator.last(RunState.FAILED)
    operator.send(f"/runs/{run.id}/retry", args=json.dumps({"amount": 7}))
    (made,) = [one for one in operator.runs() if one.parent == run.id]
    assert made.args == {"amount": 7}


@pytest.mark.parametrize(
    "args",
    ["", "{", "[1]", "null", '{"amount": "many"}', '{"colour": 1}', f'{{"amount": "{MASK}"}}', "[" * 5000],
)
def test_arguments_that_do_not_fit_are_refused_and_nothing_is_made(operator, args):
    run = operator.last(RunState.FAILED)
    before = len(operator.runs(limit=500))
    assert operator.post(f"/runs/{run.id}/retry", args=args).status_code == 400
    assert len(operator.runs(limit=500)) == before


def test_a_run_that_waits_is_cancelled_and_the_audit_says_why(operator):
    run_id = waiting(operator.rota, "greet")
    page = operator.send(f"/runs/{run_id}/cancel", reason="not today")
    assert "The run is cancelled; it had not started." in page
    (line,) = operator.rota.store.audit("shop", run_id, 5)
    assert (line.actor, line.action, line.reason) == ("operator", "cancel", "not today")


def test_a_run_that_has_ended_is_not_cancelled(operator):
    run = operator.last(RunState.SUCCEEDED)
    assert "Nothing was cancelled: the run had ended." in operator.send(f"/runs/{run.id}/cancel")


def test_a_run_that_waits_can_not_be_retried(operator):
    assert operator.post(f"/runs/{waiting(operator.rota, 'greet')}/retry").status_code == 409


@pytest.mark.parametrize("run_id", ["01999999-0000-7000-8000-000000000000", "%3Cscript%3E", "zzzzzzzz"])
def test_a_run_that_there_is_not_is_not_found(viewer, run_id):
    answer = viewer.get(f"/runs/{run_id}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_waiting_for_a_worker_is_said_with_the_command(viewer):
    page = text_of(viewer.page(f"/runs/{waiting(viewer.rota, 'greet', queue='slow')}"))
    assert (
        "no live worker serves its queue 'slow'" in page
        or "no live worker serves its queue &#39;slow&#39;" in page
    )


def test_a_log_of_several_attempts_keeps_their_lines_apart():
    from rota.core.records import Attempt
    from rota.web.ui.run import log_lines

    def attempt(number: int, log: str) -> Attempt:
        return Attempt(
            run_id="r", number=number, node=None, started_at=None, finished_at=None, outcome=None, log=log
        )

    lines = log_lines([attempt(1, "a\nb\n"), attempt(2, "B\n")], "b")
    assert [(line.anchor, line.text) for line in lines] == [("a1-L2", "b"), ("a2-L1", "B")]
    assert [line.anchor for line in log_lines([attempt(1, "a\nb\n")])] == ["L1", "L2"]
