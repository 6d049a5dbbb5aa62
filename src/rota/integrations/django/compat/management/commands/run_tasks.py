"""`manage.py run_tasks`: run what is due, once. For a cron line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.management.base import CommandError

from rota.errors import InvalidValue
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.commanding import RotaCommand
from rota.integrations.django.compat.conf import compat_conf
from rota.runtime.events import Event

SHOWN = {
    "run_succeeded": "completed",
    "run_retrying": "will be retried",
    "run_failed": "failed",
    "run_lost": "was lost",
    "run_cancelled": "cancelled",
    "run_skipped": "skipped",
    "run_missed": "missed",
}
PROBLEMS = ("run_retrying", "run_failed", "run_lost")
COUNTED = ("run_succeeded", "run_retrying", "run_failed", "run_cancelled")


class Command(RotaCommand):
    """Decides what is due, runs it and the retries that are ready, one after another, and ends."""

    help = "Run the tasks that are due, and the retries that are ready, once; for a cron line."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--tag", help="Tasks with this tag alone; the others wait for a run_tasks that takes them."
        )

    def work(self, rota: DjangoRota, **options: Any) -> None:
        tag = options["tag"]
        queues = None if tag is None else [_known(rota, tag)]

        def tell(event: Event) -> None:
            if event.kind in PROBLEMS:
                self.stderr.write(_line(event))
            elif options["verbose"]:
                self.say(_line(event))

        with rota.events.listening(SHOWN, tell):
            # One after another, as ever: what one task wrote, the next one may read.
            ended = rota.tick(queues=queues, concurrency=1, lease=compat_conf().lock_timeout).ended
        counts = {kind: ended[kind.removeprefix("run_")] for kind in COUNTED}
        said = [f"{count} {SHOWN[kind]}" for kind, count in counts.items() if count]
        self.say(", ".join(said) or "nothing was due")
        if ended.get("failed"):
            raise CommandError("tasks have failed; `manage.py rota runs --state failed` lists them")


def _known(rota: DjangoRota, tag: str) -> str:
    known = rota.registry.queues()
    if tag in known:
        return tag
    close = get_close_matches(tag, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
    raise InvalidValue("--tag", tag, "no task has this tag", hint)


def _line(event: Event) -> str:
    error = event.facts.get("error")
    return f"{event.schedule or event.task} {SHOWN[event.kind]}{f': {error}' if error else ''}"
