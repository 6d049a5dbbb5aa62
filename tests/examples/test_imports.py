"""`rota import` in a project that has the other system, and beside its own computation."""

from __future__ import annotations

import json
from pathlib import Path

import django
import pytest

from tests.examples.projects import Project

ROWS = Path(__file__).with_name("celery_beat_rows.py")
FRIDAY = "2026-11-20T10:00:00Z"
APPS = '"rota.integrations.django", "rota.integrations.django.compat"'
JOBS = """
from apscheduler.schedulers.background import BackgroundScheduler
from orders.tasks import import_orders
from reports.tasks import daily_report

scheduler = BackgroundScheduler(timezone="Europe/Zurich")
scheduler.add_job(import_orders, "interval", minutes=10, start_date="2026-01-01", id="orders")
scheduler.add_job(daily_report, "cron", hour=7, id="daily")
"""
CRONJOBS = """
CRONJOBS = [
    ("*/10 * * * *", "orders.tasks.import_orders"),
    ("0 6 * * *", "reports.tasks.daily_report", ">> /var/log/reports.log"),
    ("30 2 1 * 1", "django.core.management.call_command", ["clearsessions"]),
    ("0 9 * * *", "shop.mail", [], {"kind": "short"}),
    ("0 9 * *", "shop.wrong"),
]
"""


@pytest.fixture
def project(tmp_path):
    url = f"sqlite:///{tmp_path / 'example.db'}"
    return Project("django_reports", tmp_path / "project", DATABASE_URL=url)


def imported(project, *words):
    (answer,) = project.steps((FRIDAY, "rota", "import", *words, "--json", 1))
    return {one["name"]: one for one in json.loads(answer.rpartition("]")[0] + "]")}


# It can not be installed beside Django 6.1, which our requirements take on Python 3.12 and later.
@pytest.mark.skipif(django.VERSION >= (6, 1), reason="django-celery-beat 2.9 demands Django<6.1")
def test_django_celery_beat(project):
    project.rewrite("django_reports/settings.py", APPS, f'{APPS}, "django_celery_beat"')
    project.steps((FRIDAY, "migrate", "-v0"))
    answer = project.python(ROWS.read_text("utf-8"))
    assert answer["crontabs"] == 6
    assert answer["differing"] == []
    assert answer["ticks"] == ["2026-04-01T10:14:30+00:00", "2026-04-01T10:24:30+00:00"]
    assert answer["once"] == ["2026-04-02T10:07:30+00:00"]
    assert answer["options"] == {"max_runs": 1}
    assert sorted(answer["problems"]) == ["sunset", "tiny"]

    found = imported(project, "django-celery-beat")
    assert found["nightly"]["verb"] == "missing"
    assert found["nightly"]["declaration"] == (
        "rota.schedule('shop.nightly', 'cron 30 2 * * * in Europe/Zurich', "
        "name='nightly', args={'kind': 'short'}, queue='slow')"
    )
    assert found["stopped"]["verb"] == "off"
    assert found["ticks"]["notes"] == ["positional arguments [5]: give them names"]
    assert found["sunset"]["verb"] == "problem"


def test_django_crontab(project):
    settings = project.folder / "django_reports/settings.py"
    settings.write_text(settings.read_text() + CRONJOBS)
    found = imported(project, "django-crontab", "--count", "20")
    assert found["orders.tasks.import_orders"]["verb"] == "same"
    assert found["reports.tasks.daily_report"]["verb"] == "same"
    assert found["reports.tasks.daily_report"]["notes"] == [
        "'>> /var/log/reports.log' is not needed: the output is the log of the run"
    ]
    command = found["django.core.management.call_command"]
    assert command["timetable"] == "cron 30 2 1 * 1 in Europe/Zurich"  # either day, as in cron
    assert command["notes"] == ["positional arguments ['clearsessions']: give them names"]
    assert "args={'kind': 'short'}" in found["shop.mail"]["declaration"]
    assert found["shop.wrong"]["verb"] == "problem"


def test_apscheduler(project):
    (project.folder / "jobs.py").write_text(JOBS)
    (said,) = project.steps((FRIDAY, "rota", "import", "apscheduler", "jobs:scheduler", 1))
    assert "same     orders  (here orders.tasks.import_orders)  every 10m" in said
    assert "differs  daily  (here reports.tasks.daily_report)  cron 0 7 * * * in Europe/Zurich" in said
    assert "there 2026-11-21T06:00:00Z  here 2026-11-21T05:00:00Z" in said


def test_a_source_that_is_not_there_is_refused_in_words(project):
    beat, jobs, unknown = project.steps(
        (FRIDAY, "rota", "import", "django-celery-beat", 1),
        (FRIDAY, "rota", "import", "apscheduler", "jobs:scheduler", 1),
        (FRIDAY, "rota", "import", "celery", 1),
    )
    assert "django_celery_beat can not be loaded" in beat
    assert "'jobs:scheduler' is refused; it can not be imported" in jobs
    assert "'celery' is refused; choose one of apscheduler" in unknown
