"""Act on all runs that match a filter: retry them, cancel them, and take either back.

What is meant is fixed when it is planned (`at`): a run made later is never touched. Repeated, it does nothing
twice: a run is retried so at most once, because the id of its retry follows from its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.ids import keyed_id
from rota.core.records import ACTIVE, ENDED, Origin, Run, RunQuery, RunState
from rota.errors import InvalidValue
from rota.operations.actor import Actor, Role
from rota.operations.history import count_runs
from rota.operations.lookups import PAGE, every_run
from rota.operations.requesting import again, retry_line
from rota.operations.results import Bulk

if TYPE_CHECKING:
    from rota.app import Rota

MOST = 10_000  # runs at a time
SHOWN = 100
TICK = timedelta(microseconds=1)
RETRIED, GONE = "retried already", "ended meanwhile"


# What becomes of a page of runs: `None` for those that change, else why not, in their order.
Page = Sequence[Run]
Verdicts = list[str | None]


def bulk(
    rota: Rota,
    action: str,
    query: RunQuery,
    actor: Actor,
    reason: str = "",
    *,
    at: datetime | None = None,
    dry_run: bool = False,
) -> Bulk:
    """Retry or cancel all runs that match, page by page, newest first.

    Args:
        action: `retry` makes a new run of each that has ended, unless it was retried already; `cancel` stops
            those that have not. `undo_retry` cancels what a retry planned at `at` has made and what has not
            ended since; `undo_cancel` makes new runs of those that this actor has cancelled since `at`.
        query: Which runs; its page is not minded.
        at: When it was planned; now by default.

    Raises:
        InvalidValue: More than 10,000 match, there is no such action, `at` is in the future or has no zone.
        NotPermitted: It takes the role `operator`.
    """
    if action not in ACTIONS:
        raise InvalidValue("action", action[:80], f"choose one of {', '.join(ACTIONS)}")
    actor.require(Role.OPERATOR, action)
    at = _checked(at, rota.clock.now())
    wanted = scope(action, query, at)
    states: dict[RunState, int] = {}
    left: dict[str, int] = {}
    shown: list[Run] = []
    if wanted is not None:
        for page, verdicts in _walked(rota, action, wanted, actor, reason, at, dry_run):
            for run, why in zip(page, verdicts, strict=True):
                if why is not None:
                    left[why] = left.get(why, 0) + 1
                    continue
                states[run.state] = states.get(run.state, 0) + 1
                if len(shown) < SHOWN:
                    shown.append(run)
    return Bulk(action=action, dry_run=dry_run, at=at, states=states, left=left, shown=tuple(shown))


def _checked(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at.tzinfo is None:
        raise InvalidValue("at", at, "it has no zone", "Give an aware datetime.")
    if at > now:
        raise InvalidValue("at", at.isoformat(), f"it must not be in the future (it is {now.isoformat()})")
    return at


def scope(action: str, query: RunQuery, at: datetime) -> RunQuery | None:
    """Return which runs an action looks at; `None`: there can not be any. Pure."""
    query = replace(query, before=None)
    if action == "undo_retry":
        return replace(query, states=_sorted(ACTIVE), since=at, until=None)
    before = at + TICK
    query = replace(query, until=before if query.until is None else min(query.until, before))
    if action == "undo_cancel":
        return replace(query, states=(RunState.CANCELLED,))
    states = frozenset(query.states or RunState) & (ENDED if action == "retry" else ACTIVE)
    return replace(query, states=_sorted(states)) if states else None


def _sorted(states: frozenset[RunState]) -> tuple[RunState, ...]:
    return tuple(sorted(states))


def _walked(
    rota: Rota, action: str, query: RunQuery, actor: Actor, reason: str, at: datetime, dry_run: bool
) -> Iterator[tuple[Page, Verdicts]]:
    """Yield the runs that are meant, a page at a time, with what became of them."""
    _, is_meant, work = ACTIONS[action]
    if count_runs(rota, query, MOST)[1]:
        hint = "Filter further: by schedule, state or time."
        raise InvalidValue("runs", f"more than {MOST:,}", "they are too many at a time", hint)
    page: list[Run] = []
    for run in every_run(rota, query, MOST):
        if is_meant(rota, run, actor, at):
            page.append(run)
        if len(page) == PAGE:
            yield page, work(rota, page, actor, reason, dry_run)
            page = []
    if page:
        yield page, work(rota, page, actor, reason, dry_run)


def _retry_id(rota: Rota, run_id: str) -> str:
    return keyed_id(rota.name, f"retry of {run_id}")


def _retry(rota: Rota, runs: Page, actor: Actor, reason: str, dry_run: bool) -> Verdicts:
    now = rota.clock.now()
    later = rota.store.retries([run.id for run in runs])
    done = {run.parent for run in later if run.origin is Origin.RETRY}
    is_old = [run.id in done for run in runs]
    fresh = [
        again(run, _retry_id(rota, run.id), actor, now, reason)
        for run, old in zip(runs, is_old, strict=True)
        if not old
    ]
    if fresh and not dry_run:
        rota.store.enqueue(fresh, [retry_line(rota, run, actor, now, reason) for run in fresh])
    return [RETRIED if old else None for old in is_old]


def _cancel(rota: Rota, runs: Page, actor: Actor, reason: str, dry_run: bool) -> Verdicts:
    if dry_run:
        return [None] * len(runs)
    now = rota.clock.now()
    lines = [actor.line(rota.name, now, "cancel", run.id, reason, str(run.state)) for run in runs]
    answer = rota.store.cancel([run.id for run in runs], actor.name, now, lines)
    stopped = {*answer.at_once, *answer.asked}
    return [None if run.id in stopped else GONE for run in runs]


def _any(rota: Rota, run: Run, actor: Actor, at: datetime) -> bool:
    return True


def _made_by_retry(rota: Rota, run: Run, actor: Actor, at: datetime) -> bool:
    return run.parent is not None and run.id == _retry_id(rota, run.parent)


def _cancelled_since(rota: Rota, run: Run, actor: Actor, at: datetime) -> bool:
    return run.cancel_by == actor.name and run.finished_at is not None and run.finished_at >= at


Meant = Callable[["Rota", Run, Actor, datetime], bool]
Work = Callable[["Rota", Page, Actor, str, bool], Verdicts]
# What is done, which runs it is for, and how; the first is the action that takes it back.
ACTIONS: dict[str, tuple[str | None, Meant, Work]] = {
    "retry": ("undo_retry", _any, _retry),
    "cancel": ("undo_cancel", _any, _cancel),
    "undo_retry": (None, _made_by_retry, _cancel),
    "undo_cancel": (None, _cancelled_since, _retry),
}
