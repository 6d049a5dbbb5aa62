"""Policies: frozen values that decide what becomes of an occurrence, a run or an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from rota.core.words import parse_duration
from rota.errors import InvalidPolicy

DAY = timedelta(days=1)
LONGEST = timedelta(days=3650)
E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", int, float, timedelta)


def _within(name: str, value: N, low: N, high: N) -> None:
    if not low <= value <= high:
        raise InvalidPolicy(name, value, f"it must be from {low} to {high}")


class CatchUpRule(StrEnum):
    """Which of the missed occurrences run once a scheduler is back."""

    LATEST = "latest"  # the most recent one, unless a newer one is on time
    ALL = "all"  # every one, oldest first, paced
    NONE = "none"  # none of them
    ASK = "ask"  # none until an operator decides


class Overlap(StrEnum):
    """What becomes of an occurrence while an earlier run of its schedule is still active.

    A run is active while it is pending (a retry included) or running.
    """

    SKIP = "skip"  # recorded as skipped, with the run that blocked it
    QUEUE_ONE = "queue_one"  # waits, unless another one already waits
    QUEUE_ALL = "queue_all"  # waits its turn
    ALLOW = "allow"  # runs beside it
    CANCEL_RUNNING = "cancel_running"  # asks the active ones to stop, and starts when they have

    @property
    def minds_others(self) -> bool:
        """Whether an occurrence may become something else than a run, or stop one, for what is active."""
        return self not in (Overlap.ALLOW, Overlap.QUEUE_ALL)


class Crash(StrEnum):
    """What becomes of a run whose node died while it was running."""

    RETRY = "retry"  # at least once: another node takes it over, the crash counts as an attempt
    FAIL = "fail"  # at most once: the run has failed


class Growth(StrEnum):
    """How the wait grows from one retry to the next."""

    FIXED = "fixed"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What becomes of occurrences that passed while nothing ran.

    Attributes:
        rule: Which of them run.
        window: Occurrences older than this never run; they are recorded as missed. Above zero.
        grace: An occurrence this late or less is on time, not missed. Zero or more.
    """

    rule: CatchUpRule = CatchUpRule.LATEST
    window: timedelta = DAY
    grace: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        _within("catch_up.window", self.window, timedelta(microseconds=1), LONGEST)
        _within("catch_up.grace", self.grace, timedelta(0), LONGEST)

    @classmethod
    def of(cls, value: CatchUp | str) -> CatchUp:
        """Return `value`, or the policy that a bare rule such as `"latest"` stands for."""
        return value if isinstance(value, CatchUp) else cls(choice("catch_up", value, CatchUpRule))


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait longer after each failed attempt.

    The wait before retry *k* (the first is k = 1) is `first` (fixed), `first * k` (linear) or
    `first * factor ** (k - 1)` (exponential), never more than `ceiling`, then spread by `jitter`.

    Attributes:
        growth: The form of the growth.
        first: Wait before the first retry. Zero or more.
        factor: Growth of an exponential wait. From 1.0 to 100.0.
        ceiling: Longest wait, before jitter is applied.
        jitter: Part of the wait that is drawn at random, from 0.0 (none) to 1.0 (all): the wait is
            uniform in `[wait * (1 - jitter), wait]`, so it never exceeds `ceiling`.

    Raises:
        InvalidPolicy: A value is out of range.
    """

    growth: Growth = Growth.EXPONENTIAL
    first: timedelta = timedelta(seconds=10)
    factor: float = 2.0
    ceiling: timedelta = timedelta(hours=1)
    jitter: float = 0.25

    def __post_init__(self) -> None:
        _within("backoff.first", self.first, timedelta(0), LONGEST)
        _within("backoff.ceiling", self.ceiling, timedelta(0), LONGEST)
        _within("backoff.factor", self.factor, 1.0, 100.0)
        _within("backoff.jitter", self.jitter, 0.0, 1.0)

    @classmethod
    def of(cls, value: Backoff | str | timedelta) -> Backoff:
        """Return `value`, a growth by name (`"linear"`), or a fixed wait (`"30s"`)."""
        if isinstance(value, Backoff):
            return value
        if isinstance(value, str) and value in list(Growth):
            return cls(Growth(value))
        first = duration("backoff", value)
        return cls(Growth.FIXED, first, ceiling=max(first, cls().ceiling), jitter=0.0)

    def wait(self, retry: int, chance: float) -> timedelta:
        """Return the wait before the retry number `retry` (from 1). `chance` is in `[0, 1)`."""
        wait = self.first
        if self.growth is Growth.LINEAR:
            wait = min(self.first * retry, self.ceiling)
        elif self.growth is Growth.EXPONENTIAL:
            # Capped before multiplying: 2.0 ** 2000 overflows a float, and a timedelta long before that.
            scale = self.factor ** min(retry - 1, 100)
            wait = (
                self.ceiling
                if self.first.total_seconds() * scale > self.ceiling.total_seconds()
                else self.first * scale
            )
        return min(wait, self.ceiling) * (1.0 - self.jitter * chance)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, after what wait and for which errors a failed attempt is followed by another.

    Attributes:
        attempts: Attempts in all, the first included. From 1 to 1000.
        backoff: The wait before each retry.
        retry_on: Names of exception classes that are retried; empty means all of them.
        give_up_on: Names of exception classes that never are. It wins over `retry_on`.

    A name is a class name (`"ValueError"`) or a dotted one (`"requests.exceptions.Timeout"`), and
    stands for its subclasses too.
    """

    attempts: int = 1
    backoff: Backoff = Backoff()
    retry_on: tuple[str, ...] = ()
    give_up_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _within("retries", self.attempts - 1, 0, 999)

    def wants(self, error_names: tuple[str, ...]) -> bool:
        """Say whether an error is one to retry. `error_names` are the names of its class and bases."""
        if any(name in self.give_up_on for name in error_names):
            return False
        return not self.retry_on or any(name in self.retry_on for name in error_names)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long an attempt may take.

    Attributes:
        soft: After this, `TimeLimitExceeded` is raised inside the task. `None`: no limit.
        hard: After this, the attempt is killed. `None`: no limit. Longer than `soft`.
    """

    soft: timedelta | None = None
    hard: timedelta | None = None

    def __post_init__(self) -> None:
        for name, value in (("time_limit", self.soft), ("hard_time_limit", self.hard)):
            if value is not None:
                _within(name, value, timedelta(milliseconds=1), LONGEST)
        if self.soft and self.hard and self.hard <= self.soft:
            raise InvalidPolicy(
                "hard_time_limit", self.hard, f"it must be longer than time_limit ({self.soft})"
            )


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` runs with the same `key` are running at a time, over all nodes.

    Attributes:
        key: What is shared, such as `"mail-server"`; 1 to 200 characters.
        limit: From 1 to 10,000.
    """

    key: str
    limit: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= 200:
            raise InvalidPolicy("concurrency.key", self.key, "it must have 1 to 200 characters")
        _within("concurrency.limit", self.limit, 1, 10_000)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long history is kept.

    Attributes:
        age: Ended runs older than this are purged. Above zero.
        keep: The last so many runs of each schedule are kept whatever their age. From 0 to 10,000.
    """

    age: timedelta = timedelta(days=30)
    keep: int = 10

    def __post_init__(self) -> None:
        _within("retention.age", self.age, timedelta(seconds=1), LONGEST * 10)
        _within("retention.keep", self.keep, 0, 10_000)


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """What a run carries with it, so that any node can decide about it, even one without its task.

    Attributes:
        retry: See `Retry`.
        time_limit: See `TimeLimit`.
        on_crash: See `Crash`.
        start_deadline: A run that has not started this long after its `run_at` expires. `None`: never.
    """

    retry: Retry = Retry()
    time_limit: TimeLimit = TimeLimit()
    on_crash: Crash = Crash.RETRY
    start_deadline: timedelta | None = None

    def __post_init__(self) -> None:
        if self.start_deadline is not None:
            _within("start_deadline", self.start_deadline, timedelta(milliseconds=1), LONGEST)


def duration(field_name: str, value: str | timedelta) -> timedelta:
    """Return `value` as a duration. Raises `InvalidPolicy` naming `field_name`."""
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidPolicy(
            field_name, value, "write a duration such as '90s', '25m', '1h30m' or '1d'"
        ) from error


def choice(field_name: str, value: str, kind: type[E]) -> E:
    """Return the member of `kind` that `value` names. Raises `InvalidPolicy` listing the choices."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(repr(str(member)) for member in kind)
        raise InvalidPolicy(field_name, value, f"choose one of {names}") from None
