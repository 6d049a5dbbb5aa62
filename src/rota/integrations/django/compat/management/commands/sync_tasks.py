"""`manage.py sync_tasks`: put the `SCHEDULED_TASKS` of the project in force."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import Any

from rota.core.records import Schedule, SyncPlan
from rota.errors import InvalidValue
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.commanding import RotaCommand, local
from rota.integrations.django.compat.conf import compat_conf
from rota.integrations.django.compat.declaring import app_tag
from rota.integrations.django.compat.discovery import chosen_apps
from rota.operations.actor import shell_user
from rota.operations.syncing import sync, sync_plan

# In the words of the home-made tables.
VERBS = {
    "create": "created",
    "update": "updated",
    "rename": "updated",
    "restore": "activated",
    "retry": "updated",
    "retire": "deactivated",
    "keep": "unchanged",
}


class Command(RotaCommand):
    """Creates, updates and deactivates schedules, and sets when they are due next."""

    help = "Put the SCHEDULED_TASKS of the project in force: create, update, deactivate what is gone."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("--app", metavar="LABEL", help="Of this app alone; the others stay as they are.")
        parser.add_argument("--dry-run", action="store_true", help="Show it, and do nothing.")

    def work(self, rota: DjangoRota, **options: Any) -> None:
        app, dry_run = options["app"], options["dry_run"]
        tag = None if app is None else app_tag(_known(app))
        plan = sync_plan(rota, tag=tag) if dry_run else sync(rota, shell_user(), tag=tag)
        if options["verbose"]:
            self._list(rota, plan)
        counts = Counter(VERBS[one.verb] for one in plan.lines)
        said = ", ".join(f"{counts[verb]} {verb}" for verb in dict.fromkeys(VERBS.values()) if counts[verb])
        self.say(f"{'would be: ' if dry_run else ''}{said or 'nothing is declared'}")

    def _list(self, rota: DjangoRota, plan: SyncPlan) -> None:
        made: dict[str, Schedule] = {one.name: one for one in plan.create}
        made |= {one.after.name: one.after for one in plan.change}
        for line in plan.lines:
            self.say(f"{VERBS[line.verb]:<12} {line.name}{f'  ({line.detail})' if line.detail else ''}")
            if line.name in made and line.verb != "retire":
                self.say(f"{'':<12} next run: {local(made[line.name].next_due, rota)}")


def _known(app: str) -> str:
    labels = [config.label for config in chosen_apps(compat_conf())]
    if app in labels:
        return app
    close = get_close_matches(app, labels, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(labels)}."
    raise InvalidValue("--app", app, "the SCHEDULED_TASKS of no such app count", hint)
