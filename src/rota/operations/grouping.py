"""Failed runs by what failed: the same error at the same place is one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from rota.core.records import Failure, Origin, Run, RunQuery, RunState
from rota.errors import UnknownGroup
from rota.operations.actor import Actor
from rota.operations.lookups import every_run
from rota.operations.requesting import retry_many
from rota.operations.results import Result

if TYPE_CHECKING:
    from rota.app import Rota

AGE, MOST = timedelta(days=7), 1000
_FRAME = re.compile(
    r'^\s*File "(?P<file>[^"\n]{1,500})", line (?P<line>\d+), in (?P<name>[^\n]{1,200})$', re.M
)
_FOREIGN = re.compile(r"site-packages|dist-packages|[/\\]lib[/\\]python\d|^<frozen|^<string>$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error was raised: the last frame that is the application's own."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        short = "/".join(re.split(r"[/\\]", self.file)[-2:])
        return f"{short}:{self.line} in {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Failed runs that failed alike.

    Attributes:
        fingerprint: Names it; the same after a deploy that only moves lines.
        kind: The class of the error.
        runs: The latest first.
        schedules: Those affected, by name; and tasks of runs without one.
        open: Those of `runs` that nobody has retried yet.
        last_retry: The latest retry of one of them: the canary, if only one was retried.
    """

    fingerprint: str
    kind: str
    place: Place | None
    runs: tuple[Run, ...]
    schedules: tuple[str, ...]
    open: tuple[Run, ...]
    last_retry: Run | None = None

    @property
    def latest(self) -> Run:
        return self.runs[0]

    @property
    def first_seen(self) -> datetime:
        return self.runs[-1].finished_at or self.runs[-1].created_at

    @property
    def last_seen(self) -> datetime:
        return self.latest.finished_at or self.latest.created_at


@lru_cache(maxsize=1024)
def own_place(traceback: str) -> Place | None:
    """Return where the application raised an error; where a library did, if no frame is its own. Pure."""
    frames = [Place(one["file"], int(one["line"]), one["name"]) for one in _FRAME.finditer(traceback)]
    own = [one for one in frames if not _FOREIGN.search(one.file)]
    candidates = own or frames
    return candidates[-1] if candidates else None


def fingerprint(failure: Failure | None, task: str, reason: str | None = None) -> str:
    """Return what failures that are alike share: kind, file and function, but neither line nor message. Pure.

    Without a traceback it is the kind and the task.
    """
    if failure is None:
        parts = ["", reason or "", task]
    else:
        place = own_place(failure.traceback)
        parts = [failure.kind, place.file, place.name] if place else [failure.kind, "", task]
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()


def grouped(runs: Iterable[Run], retries: Iterable[Run] = ()) -> list[ErrorGroup]:
    """Return failed runs by fingerprint, the group seen last first. Pure.

    Args:
        runs: Newest first.
        retries: Retries of runs.
    """
    done: dict[str, Run] = {}
    for one in sorted(retries, key=lambda run: (run.created_at, run.id)):
        if one.parent is not None:
            done[one.parent] = one
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(fingerprint(run.failure, run.task, run.reason), []).append(run)
    groups = [_group(key, own, done) for key, own in found.items()]
    return sorted(groups, key=lambda one: one.last_seen, reverse=True)


def _group(key: str, runs: Sequence[Run], retried: Mapping[str, Run]) -> ErrorGroup:
    failure = runs[0].failure
    retries = [retried[run.id] for run in runs if run.id in retried]
    return ErrorGroup(
        fingerprint=key,
        kind=failure.kind if failure else runs[0].reason or "no error is stored",
        place=own_place(failure.traceback) if failure else None,
        runs=tuple(runs),
        schedules=tuple(sorted({run.schedule or run.task for run in runs})),
        open=tuple(run for run in runs if run.id not in retried),
        last_retry=max(retries, key=lambda run: (run.created_at, run.id), default=None),
    )


def error_groups(rota: Rota) -> list[ErrorGroup]:
    """Return the groups of the last 7 days, of up to 1,000 failed runs, the group seen last first."""
    since = rota.clock.now() - AGE
    failed = list(every_run(rota, RunQuery(states=(RunState.FAILED,), since=since), MOST))
    return grouped(failed, _retries(rota, failed))


def _retries(rota: Rota, failed: Sequence[Run]) -> list[Run]:
    """Return the retries of these runs."""
    return [run for run in rota.store.retries([run.id for run in failed]) if run.origin is Origin.RETRY]


def error_group(rota: Rota, key: str) -> ErrorGroup:
    """Return one group. Raises `UnknownGroup`."""
    groups = error_groups(rota)
    for one in groups:
        if one.fingerprint == key:
            return one
    raise UnknownGroup(key, [one.fingerprint for one in groups])


def retry_group(
    rota: Rota, key: str, actor: Actor, reason: str = "", *, canary: bool, dry_run: bool = False
) -> Result:
    """Retry the runs of a group that nobody has retried, or the latest of them alone, as a canary.

    Raises:
        UnknownGroup: There is none, or no longer.
        NotPermitted: It takes the role `operator`.
    """
    runs = error_group(rota, key).open[: 1 if canary else None]
    return retry_many(rota, [run.id for run in runs], actor, reason, dry_run=dry_run)
