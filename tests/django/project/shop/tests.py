"""Tests as a team would write them: `manage.py test`, with Django's own classes."""

from __future__ import annotations

import logging
from io import StringIO

from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TestCase, TransactionTestCase, override_settings

from rota.integrations.django import rota
from rota.integrations.django.models import Run, Schedule
from rota.integrations.django.signals import run_failed, run_finished
from rota.integrations.django.testing import captured_runs, clock_at, eager, run_pending, tick
from tests.django.project.shop.models import Mark, Order
from tests.django.project.shop.tasks import confirm, later, ping

logging.getLogger("rota").setLevel(logging.CRITICAL)


class Orders(TestCase):
    @classmethod
    def setUpTestData(cls):
        confirm.enqueue(order=0)  # seen by each test, gone after the last

    def test_1_a_view_enqueues(self):
        with captured_runs() as runs:
            self.client.get("/orders", {"customer": "ann"})
        self.assertEqual([(run.task, run.state) for run in runs], [("confirm", "pending")])
        self.assertEqual(runs[0].args, {"order": Order.objects.get().pk})
        self.assertEqual(Run.objects.count(), 2)

    def test_2_the_run_of_another_test_is_gone(self):
        self.assertEqual(Run.objects.count(), 1)

    def test_3_what_was_enqueued_is_executed_in_the_transaction_of_the_test(self):
        with captured_runs(execute=True) as runs:
            self.client.get("/orders", {"customer": "ann"})
        self.assertEqual([run.state for run in runs], ["succeeded"])
        self.assertTrue(Order.objects.get().is_confirmed)

    def test_4_eager_stores_nothing(self):
        order = Order.objects.create(customer="ann")
        with eager():
            confirm.enqueue(order=order.pk)
        order.refresh_from_db()
        self.assertTrue(order.is_confirmed)
        self.assertEqual(Run.objects.count(), 1)

    def test_5_an_enqueue_is_one_query(self):
        rota.clock.now()
        with self.assertNumQueries(1):
            ping.enqueue()

    def test_6_a_coroutine_is_executed_here_as_well(self):
        run_id = later.enqueue(word="soon")
        run_pending()
        self.assertEqual(Run.objects.get(pk=run_id).result, "soon")


class Times(TestCase):
    def test_a_night_passes(self):
        with clock_at("2026-03-02 12:00") as clock:
            self.assertEqual(tick().ended["succeeded"], 0)
            self.assertEqual(Schedule.objects.get(name="clearsessions").state, "active")
            call_command("rota", "pause", "mark", stdout=StringIO())
            clock.move_to("2026-03-03 01:00")
            tick()
            runs = Run.objects.filter(schedule="clearsessions")
            self.assertEqual(
                [(run.state, run.planned_at.isoformat()) for run in runs],
                [("succeeded", "2026-03-03T01:00:00+00:00")],
            )

    def test_what_a_body_needs_of_its_run_is_there(self):
        with clock_at("2026-03-02 12:00") as clock:
            tick()
            clock.move_to("2026-03-02 12:00:03")
            tick()
            self.assertEqual(Mark.objects.count(), 3)


class Commands(TestCase):
    def test_a_command_acts_in_the_transaction_of_the_test(self):
        rota.sync()
        output = StringIO()
        call_command("rota", "trigger", "clearsessions", stdout=output)
        self.assertEqual(Run.objects.get().pk, output.getvalue().strip())
        call_command("rota", "tick", stdout=output)
        self.assertEqual(Run.objects.get(task="clearsessions").state, "succeeded")

    def test_the_database_of_a_command_is_its_own_matter(self):
        call_command("rota", "sync", "--database", "default", stdout=StringIO())
        with self.assertRaises(CommandError) as caught:
            call_command("rota", "sync", "--database", "elsewhere", stderr=StringIO())
        self.assertEqual((caught.exception.returncode, rota.database), (2, "default"))

    def test_a_command_that_fails_says_so(self):
        rota.sync()
        problems = StringIO()
        with self.assertRaises(CommandError) as caught:
            call_command("rota", "show", "clearsession", stderr=problems)
        self.assertEqual(caught.exception.returncode, 3)
        self.assertIn("Did you mean 'clearsessions'?", problems.getvalue())

    def test_the_output_of_a_management_command_is_the_log_of_its_run(self):
        rota.registry.task("noisy").enqueue()
        rota.registry.task("noisy").enqueue(fail=True)
        self.assertEqual(tick().ended, {"succeeded": 1, "failed": 1})
        run = Run.objects.get(state="succeeded", task="noisy")
        self.assertIn("swept 3 corners", rota.store.attempts(run.pk)[-1].log)
        run = Run.objects.get(state="failed")
        self.assertIn("the broom is broken", run.failure["message"])


class Signals(TestCase):
    def test_receivers_hear_of_runs(self):
        heard = []

        def hear(sender, event, **kwargs):
            heard.append((sender.name, event.kind, event.task))

        for one in (run_finished, run_failed):
            one.connect(hear)
            self.addCleanup(one.disconnect, hear)
        ping.enqueue()
        rota.registry.task("noisy").enqueue(fail=True)
        run_pending()
        self.assertCountEqual(
            heard,
            [
                ("shop", "run_succeeded", "ping"),
                ("shop", "run_failed", "noisy"),
                ("shop", "run_failed", "noisy"),
            ],
        )


class Committed(TransactionTestCase):
    def test_1_a_rolled_back_request_leaves_no_run(self):
        with self.assertRaises(OSError), transaction.atomic():
            ping.enqueue()
            raise OSError
        self.assertEqual(Run.objects.count(), 0)
        ping.enqueue()

    def test_2_the_flush_took_the_run_of_the_other_test(self):
        self.assertEqual(Run.objects.count(), 0)
        self.assertEqual(run_pending().ended, {})

    @override_settings(ROTA={"DEFAULT_RETRIES": 7})
    def test_3_settings_can_be_overridden(self):
        self.assertEqual(rota.settings.default_retries, 7)
