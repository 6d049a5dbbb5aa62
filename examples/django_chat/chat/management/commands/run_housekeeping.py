"""manage.py run_housekeeping: do the duties now, whatever the time."""

import getpass
import time

from django.core.management.base import BaseCommand, CommandError

from chat.tasks import backed_up
from rota.integrations.django import rota
from rota.operations import history, requesting
from rota.operations.actor import Actor
from rota.operations.syncing import sync_at_start

TASKS = ("conversations", "messages", "users", "stats")  # in this order: the first makes orphans
GLANCE = 0.5  # seconds between two looks at a run that another process has taken


class Command(BaseCommand):
    help = "Run the duties of the house now, and print what each has done."

    def add_arguments(self, parser):
        parser.add_argument("--task", choices=TASKS, help="Only this one; default: all of them.")

    def handle(self, *, task=None, **options):
        sync_at_start(rota)
        ended = [self.run(name) for name in ([task] if task else TASKS)]
        failed = [run.schedule for run in ended if run.state != "succeeded"]
        if failed:
            raise CommandError(f"Not done: {', '.join(failed)}. The dashboard at /scheduler-admin/ says why.")

    def run(self, name):
        """Run one duty, and print what it has done, or why it could not: it is tried again later then.

        It is a run as any other: in the history, and never beside another of the same duty.
        """
        run_id = requesting.trigger(rota, name, Actor(getpass.getuser(), via="cli"))
        rota.tick()  # here, unless the node of a server is faster
        while not is_tried(run := history.get_run(rota, run_id)):
            time.sleep(GLANCE)
            rota.tick()
        self.stdout.write(f"{name}: {done(run.result) if run.state == 'succeeded' else problem(run)}")
        return run


def done(result):
    """Say what a duty has done: rows it deleted, or what it counted."""
    if "deleted" not in result:
        return ", ".join(f"{count} {what}" for what, count in result.items())
    backup = result.get(backed_up.name)
    return f"{result['deleted']} deleted" + (f", backup in {backup['file']}" if backup else "")


def is_tried(run):
    """Say whether a run has ended, or waits for another attempt."""
    return run.finished_at is not None or (run.state == "pending" and run.attempt > 0)


def problem(run):
    """Say how a run went that has not succeeded."""
    state = "failed, and is tried again later" if run.state == "pending" else run.state
    failures = [one.failure.message for one in history.attempts(rota, run.id) if one.failure]
    return f"{state}: {failures[-1] if failures else run.reason}"
