"""`manage.py cleanup_tasks`: delete what ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rota.housekeeping.history import purged_batches
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.commanding import RotaCommand, number
from rota.integrations.django.compat.conf import checked_span, compat_conf


class Command(RotaCommand):
    """Does at once what Rota does by itself each hour, by the settings RETENTION and KEEP_RUNS."""

    help = "Delete runs and retries that ended so many days ago, but the last ones of each schedule."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--days",
            type=number(checked_span, "--days"),
            help="Default: TASK_SCHEDULER_CONFIG['cleanup_days'].",
        )

    def work(self, rota: DjangoRota, **options: Any) -> None:
        days = options["days"]
        kept = timedelta(days=compat_conf().cleanup_days if days is None else days)
        deleted = 0
        for count in purged_batches(rota, kept, rota.settings.history.keep):
            deleted += count
            if options["verbose"]:
                self.say(f"{deleted} so far")
        self.say(f"{deleted} deleted")
