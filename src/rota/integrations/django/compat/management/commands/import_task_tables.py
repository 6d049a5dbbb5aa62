"""`manage.py import_task_tables`: take over what home-made tables hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rota.core.localtime import zone_named
from rota.errors import InvalidValue
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.commanding import RotaCommand, local
from rota.integrations.django.compat.conf import compat_conf
from rota.integrations.django.compat.importing import ImportLine, retry_lines, scheduled_lines
from rota.integrations.django.compat.tables import (
    RETRIES,
    SCHEDULED,
    retry_rows,
    scheduled_rows,
    table_named,
)
from rota.operations.actor import shell_user

QUIET = ("same", "leave")


class Command(RotaCommand):
    """Shows what it would do; does it with --apply. Doing it again changes nothing."""

    help = (
        "Compare home-made ScheduledTask rows with what is in force, and take over what they owe and the "
        "RetryTask rows that are not over. Shows it; does it with --apply. Run sync_tasks before."
    )

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--scheduled", metavar="TABLE", help="Default: the one that ends in scheduledtask."
        )
        parser.add_argument("--retries", metavar="TABLE", help="Default: the one named like RetryTask.")
        parser.add_argument("--timezone", default="UTC", help="Of the old system's hours; default: UTC.")
        parser.add_argument("--apply", action="store_true", help="Do it.")

    def work(self, rota: DjangoRota, **options: Any) -> None:
        zone_named(options["timezone"])
        lines = list(_lines(rota, options))
        for line in lines:
            if line.verb not in QUIET or options["verbose"]:
                self._show(rota, line)
        counts = Counter(line.verb for line in lines)
        self.say(
            ", ".join(f"{count} {verb}" for verb, count in sorted(counts.items())) or "the tables are empty"
        )
        acts = [line.act for line in lines if line.act is not None]
        if options["apply"]:
            for act in acts:
                act()
            self.say(f"done: {len(acts)} runs are there")
        elif acts:
            self.say(f"nothing was done; --apply makes {len(acts)} runs")

    def _show(self, rota: DjangoRota, line: ImportLine) -> None:
        self.say(f"{line.verb:<8} {line.subject}{f'  ({line.detail})' if line.detail else ''}")
        for old, new in line.fires:
            self.say(f"{'':<8} old {_shown(old, rota)}   rota {_shown(new, rota)}")


def _shown(at: datetime | None, rota: DjangoRota) -> str:
    return f"{local(at, rota):<26}"


def _lines(rota: DjangoRota, options: dict[str, Any]) -> Iterator[ImportLine]:
    alias = rota.database
    scheduled = table_named(alias, SCHEDULED, options["scheduled"])
    retries = table_named(alias, RETRIES, options["retries"])
    if scheduled is None and retries is None:
        raise InvalidValue("tables", None, "no table is named like ScheduledTask or RetryTask")
    if scheduled is not None:
        rows = scheduled_rows(alias, scheduled)
        yield from scheduled_lines(rota, scheduled, rows, options["timezone"], shell_user())
    if retries is not None:
        delay = compat_conf().default_retry_delay
        yield from retry_lines(rota, retries, retry_rows(alias, retries, delay))
