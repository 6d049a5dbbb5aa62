"""The signal `task_finished`: sent by the node, after the commit, when no other attempt follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.integrations.django.connections import close_stale
from rota.integrations.django.tasks import api

if TYPE_CHECKING:
    from rota.integrations.django.app import DjangoRota
    from rota.runtime.events import Event

KINDS = ("run_succeeded", "run_failed", "run_cancelled")


def tell_finished(rota: DjangoRota) -> None:
    """Send `task_finished` for runs of Django's tasks from now on; once for each rota."""
    if rota.tells_finished:
        return
    rota.tells_finished = True

    def tell(event: Event) -> None:
        from rota.integrations.django.tasks.adopting import HERE, adopted

        task = adopted(rota, event.task or "")
        if task is None or task.way != HERE:
            return  # another back end sends its own
        close_stale()
        try:
            backend = task.source.get_backend()
            api.task_finished.send(type(backend), task_result=backend.get_result(event.subject))
        finally:
            close_stale()

    for kind in KINDS:
        rota.on(kind, tell)
