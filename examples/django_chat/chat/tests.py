"""A week of the duties, in a moment."""

from collections import Counter
from datetime import datetime, timedelta
from unittest import skipIf
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test import TestCase

from rota.core.records import RunQuery
from rota.integrations.django import rota
from rota.integrations.django.testing import clock_at, tick
from rota.operations import history

HOUR = timedelta(hours=1)
ZURICH = ZoneInfo("Europe/Zurich")


@skipIf(settings.TEST_MODE, "all come every five minutes")
class DutiesTest(TestCase):
    def test_each_comes_at_its_hours(self):
        monday = datetime(2026, 3, 2, 0, 30, tzinfo=ZURICH)
        with clock_at(monday) as clock:
            tick()
            for hour in range(1, 7 * 24 + 1):
                clock.move_to(monday + hour * HOUR)
                tick()
            runs = history.list_runs(rota, RunQuery(limit=500))
        at = Counter(
            (run.schedule, f"{run.planned_at.astimezone(ZURICH):%a %H:%M}") for run in runs if run.planned_at
        )
        self.assertEqual([when for name, when in at if name == "conversations"], ["Sun 03:00"])
        for name in ("messages", "users"):
            self.assertEqual({when[4:] for one, when in at if one == name}, {"02:00"})
            self.assertEqual(sum(count for (one, _), count in at.items() if one == name), 7)
        hours = Counter(when[4:] for one, when in at if one == "stats")
        self.assertEqual(hours, {"00:00": 7, "06:00": 7, "12:00": 7, "18:00": 7})
