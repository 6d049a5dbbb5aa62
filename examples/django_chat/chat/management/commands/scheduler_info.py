"""manage.py scheduler_info: what is scheduled, when it comes next, and how it went."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from rota.core.records import ScheduleQuery
from rota.integrations.django import rota
from rota.operations import history, schedules


class Command(BaseCommand):
    help = "Show whether the scheduler is running, its duties, and their next and last runs."

    def handle(self, **options):
        where = [f"{one.host}, process {one.pid}" for one in history.overview(rota).nodes]
        self.stdout.write(f"Scheduler  {'running on ' + '; '.join(where) if where else 'not running'}")
        self.stdout.write(f"Mode       {'test: all every five minutes' if settings.TEST_MODE else 'normal'}")
        self.stdout.write(f"Time zone  {rota.timezone}\n\n")
        found = schedules.list_schedules(rota, ScheduleQuery(tag="housekeeping"))
        if not found:
            self.stdout.write("Nothing is scheduled yet: start the site, or write `manage.py rota sync`.")
            return
        rows = [("Duty", "When", "Next", "Last"), *(row(one) for one in found)]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for cells in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            self.stdout.write(line.rstrip())


def row(view):
    """Return what is shown of a schedule."""
    words = view.words.removesuffix(f", {view.zone}")
    return view.schedule.name, words, local(view.next_due), "never" if view.last is None else ended(view.last)


def ended(run):
    """Say how a run stands, and since when."""
    return f"{run.state}, {local(run.finished_at or run.created_at)}"


def local(at):
    """Write an instant in the time zone of the site."""
    return "none" if at is None else timezone.localtime(at).strftime("%a %d %b %Y %H:%M %z")
