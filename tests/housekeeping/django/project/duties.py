"""Its rota, for nodes that are processes of their own."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.housekeeping.django.project.settings")
django.setup()

from rota import Rota  # noqa: E402
from rota.housekeeping.django import purge  # noqa: E402
from tests.housekeeping.django.project.models import Report  # noqa: E402

rota = Rota("project", housekeeping=False)
purge_reports = rota.task(
    purge(
        Report,
        older_than="30d",
        using="created_at",
        batch_size=20,
        archive=os.environ.get("PROJECT_ARCHIVE", "archive"),
    ),
    backoff="0s",
)
