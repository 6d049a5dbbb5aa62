"""Other back ends of `django.tasks` as runners: a run is enqueued there once, and followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import Exists, OuterRef

from rota.core.records import ACTIVE, Attempt, Claimed, Failure, Lease, Outcome
from rota.errors import Conflict, StoreUnavailable
from rota.integrations.django.connections import close_stale
from rota.integrations.django.models import Handover, Run
from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.adopting import AdoptedTask, adopted
from rota.integrations.django.tasks.arguments import parted
from rota.runners.following import Ended, FollowingRunner, Handed
from rota.runners.local.results import result_text
from rota.runners.two import TwoRunners

if TYPE_CHECKING:
    from rota.integrations.django.app import DjangoRota
    from rota.ports import Clock, Runner

AWAY = (OperationalError, InterfaceError, StoreUnavailable, Conflict, OSError)
CLOSING = (Outcome.FAILED, Outcome.TIMED_OUT)  # an attempt that ended so has used up its message


def with_back_ends(rota: DjangoRota, local: Runner, clock: Clock) -> Runner:
    """Return the runner of a node that has the runs of other back ends' tasks executed by these."""
    followed = rota.registry.followed
    return TwoRunners(local, FollowingRunner(BackEnds(rota), clock), followed.__contains__)


class BackEnds:
    """See `rota.runners.following.Elsewhere`.

    The run is locked, enqueued and noted as handed over in one transaction of Django's. A back end that
    stores in the same database takes part in it, and gets each run exactly once. With any other, a crash
    between its answer and the commit leaves no note, and the next node enqueues again.
    """

    def __init__(self, rota: DjangoRota) -> None:
        self._rota = rota

    def hand_over(self, run: Claimed, now: datetime) -> Handed | None:
        close_stale()
        task = adopted(self._rota, run.task)
        assert task is not None, "only tasks of the registry are claimed"
        with transaction.atomic(using=self._rota.database):
            if self._rota.store.renew([Lease(run.id, run.token)], now, now).lost:
                return None
            return self._open(run) or self._enqueued(task, run, now)

    def _open(self, run: Claimed) -> Handed | None:
        """Return what was handed over before, if no attempt has ended by it."""
        row = self._rows().filter(pk=run.id).first()
        if row is None or not is_open(row.attempt, self._rota.store.attempts(run.id)):
            return None
        return Handed(row.message, row.at)

    def _enqueued(self, task: AdoptedTask, run: Claimed, now: datetime) -> Handed:
        places, names = parted(run.args)
        result = task.source.using(queue_name=run.queue).enqueue(*places, **names)
        noted = {"attempt": run.attempt, "backend": task.source.backend, "message": result.id, "at": now}
        self._rows().update_or_create(pk=run.id, defaults=noted)
        return Handed(result.id, now)

    def ended(self, run: Claimed, handed: Handed, now: datetime) -> Ended | None:
        close_stale()
        task = adopted(self._rota, run.task)
        assert task is not None
        try:
            result = task.source.get_backend().get_result(handed.message)
        except api.TaskResultDoesNotExist:
            return None
        return ended_as(run, result, now) if result.is_finished else None

    def is_away(self, error: Exception) -> bool:
        return isinstance(error, AWAY)

    def tidy(self, now: datetime) -> None:
        runs = Run.objects.using(self._rota.database).filter(pk=OuterRef("pk"))
        active = runs.filter(state__in=list(map(str, ACTIVE)))
        self._rows().exclude(Exists(active)).delete()

    def close(self) -> None:
        connections.close_all()

    def _rows(self) -> Any:
        return Handover.objects.using(self._rota.database)


def is_open(handed_by: int, attempts: Sequence[Attempt]) -> bool:
    """Say whether what attempt `handed_by` has handed over is still to be followed.

    It is, if that attempt and all later ones were given back or lost: nobody has heard how it ended.
    """
    return not any(one.number >= handed_by and one.outcome in CLOSING for one in attempts)


def ended_as(run: Claimed, result: Any, now: datetime) -> Ended:
    """Return what a result that is finished means to the run.

    Its times are told by another clock: they are kept between the claim and now, which is when it is known.
    """
    failure = _failure(result) if result.status == api.Status.FAILED else None
    value = None if failure else result_text(run.task, result.return_value)
    return Ended(
        outcome=Outcome.FAILED if failure else Outcome.SUCCEEDED,
        started_at=_between(run.started_at, result.started_at, now),
        finished_at=_between(run.started_at, result.finished_at, now),
        result=value,
        failure=failure,
    )


def _between(earliest: datetime, told: datetime | None, latest: datetime) -> datetime:
    return latest if told is None else max(earliest, min(told, latest))


def _failure(result: Any) -> Failure:
    """Return the record of the last error of a result; its class is not imported."""
    if not result.errors:
        return Failure(kind="failed", message=f"back end {result.backend!r} does not say why")
    error = result.errors[-1]
    path = error.exception_class_path
    last = (error.traceback.strip().splitlines() or [""])[-1]
    return Failure(
        kind=path.removeprefix("builtins."),
        message=last.partition(": ")[2] or last,
        traceback=error.traceback,
        names=(path.rpartition(".")[2], path),
    )
