"""Tests as a team would write them, with pytest-django: `test_projects.py` runs them in another process."""

from __future__ import annotations

import pytest

from rota.integrations.django.models import Run
from rota.integrations.django.testing import captured_runs, run_pending
from tests.django.project.shop.models import Order


@pytest.mark.django_db
def test_a_view_enqueues(client):
    with captured_runs() as runs:
        client.get("/orders", {"customer": "ann"})
    assert [run.task for run in runs] == ["confirm"]
    assert run_pending().ended == {"succeeded": 1}
    assert Order.objects.get().is_confirmed


@pytest.mark.django_db
def test_the_run_of_another_test_is_gone():
    assert Run.objects.count() == 0
