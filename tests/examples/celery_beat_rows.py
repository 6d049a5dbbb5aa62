"""Fill the tables of django-celery-beat, and say when Celery itself would run each; run inside a project."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from rota.importers.celery_beat import from_celery_beat

START = datetime(2026, 4, 1, 10, 7, 30, tzinfo=UTC)  # no clock is changed until October
ZURICH = ZoneInfo("Europe/Zurich")


def crontab(minute, hour="*", day_of_month="*", month_of_year="*", day_of_week="*", timezone=ZURICH):
    return CrontabSchedule.objects.create(
        minute=minute,
        hour=hour,
        day_of_month=day_of_month,
        month_of_year=month_of_year,
        day_of_week=day_of_week,
        timezone=timezone,
    )


def task(name, **fields):
    return PeriodicTask.objects.create(name=name, task=fields.pop("task", f"shop.{name}"), **fields)


def celerys(row, count):
    """Return when Celery would run a crontab next, by its own computation."""
    schedule, found = row.crontab.schedule, []
    last = START.astimezone(row.crontab.timezone)
    for _ in range(count):
        schedule.nowfun = lambda now=last: now
        began, delta, _ = schedule.remaining_delta(last, tz=row.crontab.timezone)
        last = began + delta
        found.append(last.astimezone(UTC))
    return found


task("nightly", crontab=crontab("30", "2"), kwargs='{"kind": "short"}', queue="slow")
task("friday-13", crontab=crontab("0", "0", "13", day_of_week="5"))
task("sunday", crontab=crontab("15", "3", day_of_week="0"))
task("weekdays", crontab=crontab("*/20", "8-18", day_of_week="mon-fri", timezone=ZoneInfo("UTC")))
task("first-week", crontab=crontab("5,35", "*/6", "1-7", "*/3", "1,3"))
task("odd-days", crontab=crontab("0", "4", "*/2"))
CRONTABS = list(PeriodicTask.objects.exclude(crontab=None))

minutes = IntervalSchedule.objects.create(every=10, period="minutes")
task("ticks", interval=minutes, last_run_at=START - timedelta(minutes=3), args="[5]")
task("stopped", interval=minutes, enabled=False)
task("tiny", interval=IntervalSchedule.objects.create(every=10, period="microseconds"))
task("once", clocked=ClockedSchedule.objects.create(clocked_time=START + timedelta(days=1)), one_off=True)
task("sunset", solar=SolarSchedule.objects.create(event="sunset", latitude="47.37", longitude="8.54"))

ours = {one.name: one for one in from_celery_beat()}
answer = {
    "differing": [
        row.name for row in CRONTABS if ours[row.name].timetable.upcoming(START, 40) != celerys(row, 40)
    ],
    "ticks": [at.isoformat() for at in ours["ticks"].timetable.upcoming(START, 2)],
    "once": [at.isoformat() for at in ours["once"].timetable.upcoming(START, 2)],
    "options": ours["once"].options,
    "problems": {name: one.problem for name, one in ours.items() if one.problem},
    "crontabs": len(CRONTABS),
}
