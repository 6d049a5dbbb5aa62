"""Failures are alike when the same error comes from the same place of the application's own code."""

from datetime import timedelta

import pytest

from rota import every
from rota.core.records import Failure, RunState
from rota.errors import NotPermitted, UnknownGroup
from rota.operations.grouping import error_group, error_groups, fingerprint, own_place, retry_group

OWN = '  File "/srv/shop/orders.py", line {line}, in {name}\n    charge(order)\n'
LIBRARY = '  File "/usr/lib/python3.12/site-packages/http/client.py", line 9, in send\n    raise\n'
STANDARD = '  File "/usr/lib/python3.12/json/decoder.py", line 3, in decode\n'


def failure(kind="ValueError", message="no", *frames):
    return Failure(
        kind=kind, message=message, traceback="Traceback (most recent call last):\n" + "".join(frames)
    )


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ([OWN.format(line=3, name="pay")], "shop/orders.py:3 in pay"),
        ([OWN.format(line=3, name="pay"), LIBRARY], "shop/orders.py:3 in pay"),
        (
            [OWN.format(line=1, name="task"), OWN.format(line=3, name="pay"), STANDARD],
            "shop/orders.py:3 in pay",
        ),
        ([LIBRARY], "http/client.py:9 in send"),
        ([], "None"),
    ],
)
def test_the_place_is_the_last_frame_of_the_application(frames, place):
    assert str(own_place(failure("E", "m", *frames).traceback)) == place


def test_neither_the_message_nor_the_line_tells_failures_apart():
    first = failure("ValueError", "order 1", OWN.format(line=3, name="pay"))
    other = failure("ValueError", "order 2", OWN.format(line=9, name="pay"))
    assert fingerprint(first, "charge") == fingerprint(other, "refund")


@pytest.mark.parametrize(
    "other",
    [
        failure("KeyError", "no", OWN.format(line=3, name="pay")),
        failure("ValueError", "no", OWN.format(line=3, name="refund")),
        failure("ValueError", "no", OWN.replace("orders", "stock").format(line=3, name="pay")),
    ],
)
def test_kind_file_and_function_do(other):
    assert fingerprint(failure("ValueError", "no", OWN.format(line=3, name="pay")), "t") != fingerprint(
        other, "t"
    )


def test_without_a_traceback_the_task_tells_them_apart():
    assert fingerprint(failure(), "charge") == fingerprint(failure(message="other"), "charge")
    assert fingerprint(failure(), "charge") != fingerprint(failure(), "refund")
    assert fingerprint(None, "charge", "lost") != fingerprint(None, "charge", "expired")


@pytest.fixture
def failing(sim):
    sim.declare("broken", every("1h"), fails=lambda run: True)
    sim.declare("whole", every("1h"))
    sim.start_node()
    sim.advance(timedelta(hours=5, minutes=1))
    return sim


def test_groups_are_counted_with_first_and_last_and_those_affected(failing):
    (group,) = error_groups(failing.rota)
    failed = [run for run in failing.runs("broken") if run.state is RunState.FAILED]
    assert len(group.runs) == len(failed) >= 5
    assert (group.first_seen, group.last_seen) == (failed[0].finished_at, failed[-1].finished_at)
    assert group.schedules == ("broken",)
    assert error_group(failing.rota, group.fingerprint) == group


def test_a_week_later_the_group_is_gone(failing):
    (group,) = error_groups(failing.rota)
    failing.stop_all_nodes()
    failing.clock.advance(timedelta(days=8))
    assert error_groups(failing.rota) == []
    with pytest.raises(UnknownGroup):
        error_group(failing.rota, group.fingerprint)


def test_a_canary_is_the_latest_and_nobody_is_retried_twice(failing, ann):
    (group,) = error_groups(failing.rota)
    failing.stop_all_nodes()
    plan = retry_group(failing.rota, group.fingerprint, ann, canary=True, dry_run=True)
    assert [one.subject for one in plan.effects] == [group.latest.id]
    retry_group(failing.rota, group.fingerprint, ann, canary=True)
    rest = retry_group(failing.rota, group.fingerprint, ann, canary=False)
    assert [one.subject for one in rest.effects] == [run.id for run in group.runs[1:]]
    assert retry_group(failing.rota, group.fingerprint, ann, canary=False).effects == ()


def test_retrying_takes_an_operator(failing, viewer):
    (group,) = error_groups(failing.rota)
    with pytest.raises(NotPermitted):
        retry_group(failing.rota, group.fingerprint, viewer, canary=True)
