"""Every error Rota raises on purpose. Each builds its own message and carries its facts as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from difflib import get_close_matches


class RotaError(Exception):
    """Base of every error Rota raises on purpose."""


class InvalidValue(RotaError, ValueError):
    """A value was refused: nothing was stored or changed.

    Attributes:
        field: What the value was given for, such as `"retries"` or `"day-of-week"`.
        value: The offending value.
        expected: The accepted range or form, in words.
        hint: What to write instead, or `""`.
    """

    def __init__(self, field: str, value: object, expected: str, hint: str = "") -> None:
        self.field, self.value, self.expected, self.hint = field, value, expected, hint
        shown = repr(value)
        if len(shown) > 120:
            shown = f"{shown[:117]}..."
        super().__init__(f"{field}: {shown} is refused; {expected}.{' ' + hint if hint else ''}")


class InvalidPolicy(InvalidValue):
    """A value of a policy is out of range, or of the wrong kind."""


class StoreUnavailable(RotaError):
    """The store can not be reached, or did not answer in time. What was asked may be asked again.

    Attributes:
        url: The store, without its password.
        problem: What the database said.
    """

    def __init__(self, url: str, problem: str) -> None:
        self.url, self.problem = url, problem
        said = problem.rstrip(".?")
        super().__init__(f"the store {url} can not be used now: {said}. Rota goes on as soon as it answers.")


class SchemaOutdated(RotaError):
    """The store's schema is older, or newer, than this release of Rota.

    Attributes:
        url: The store, without its password.
        found, wanted: Numbers of the last schema step: in the store, and of this release.
    """

    def __init__(self, url: str, found: int, wanted: int, remedy: str = "rota migrate") -> None:
        self.url, self.found, self.wanted = url, found, wanted
        todo = f"Run `{remedy}`." if found < wanted else "Upgrade Rota on this node."
        super().__init__(f"the store {url} has schema step {found}, this release needs {wanted}. {todo}")


class NaiveInstant(InvalidValue):
    """A datetime without a zone was given where an instant is needed: it could mean any of 38 hours."""

    def __init__(self, value: object) -> None:
        super().__init__("instant", value, "an aware datetime is needed", "Add tzinfo, such as datetime.UTC.")


class InvalidTimetable(InvalidValue):
    """A timetable was refused when it was declared.

    Attributes:
        text: The whole text that was refused.
        field: The part of it that is wrong, such as `"day-of-week"`.
        value: The offending value.
        problem: What is wrong with it, such as `"is out of range 0-7"`.
        expected: The accepted range or form, such as `"0-7"`, or `""`.
        hint: What to write instead, or `""`.
    """

    def __init__(
        self, text: object, field: str, value: object, problem: str, *, expected: str = "", hint: str = ""
    ) -> None:
        self.text, self.field, self.value = text, field, value
        self.problem, self.expected, self.hint = problem, expected, hint
        shown = repr(text) if len(repr(text)) <= 120 else f"{repr(text)[:117]}..."
        named = " ".join(str(part) for part in (field, value) if part != "")
        if not named.isprintable() or len(named) > 120:
            named = f"{field} {ascii(value)[:100]}"
        Exception.__init__(self, f"{shown}: {named} {problem}{'; ' + hint if hint else ''}")

    def within(self, text: object) -> InvalidTimetable:
        """Return the same refusal, told of the whole text that this one is a part of."""
        return InvalidTimetable(
            text, self.field, self.value, self.problem, expected=self.expected, hint=self.hint
        )


class UnknownZone(InvalidTimetable):
    """A time zone was named that the zone database does not have.

    Attributes:
        suggestions: Names that look like it, best first.
    """

    def __init__(self, name: object, known: Sequence[str]) -> None:
        wanted = str(name).lower()[:64]
        initial = wanted.rpartition("/")[2][:1]  # of the city: looking at all 600 zones would take 10 ms
        likely = [zone for zone in known if initial and zone.lower().rpartition("/")[2].startswith(initial)]
        scores = {zone: _likeness(wanted, zone.lower()) for zone in likely}
        near = sorted((zone for zone in likely if scores[zone] > 0.5), key=lambda zone: (-scores[zone], zone))
        self.suggestions = near[:3]
        hint = (
            f"did you mean {self.suggestions[0]!r}?" if self.suggestions else "write one like 'Europe/Paris'"
        )
        super().__init__(
            name, "timezone", "", "is not in the zone database", expected="a zone name", hint=hint
        )

    def within(self, text: object) -> InvalidTimetable:
        return self


def _likeness(wanted: str, name: str) -> float:
    """Return from 0 to 1 how many pairs of letters two words share; a city alone counts as its zone."""
    city = name.rpartition("/")[2]
    pairs = [{word[at : at + 2] for at in range(len(word) - 1)} for word in (wanted, name, city)]
    return max(2 * len(pairs[0] & other) / (len(pairs[0]) + len(other) or 1) for other in pairs[1:])


class InvalidArguments(InvalidValue):
    """The arguments of a task do not fit its signature.

    Attributes:
        task: Name of the task.
    """

    def __init__(self, task: str, field: str, value: object, expected: str, hint: str = "") -> None:
        super().__init__(field, value, expected, hint)
        self.task = task
        self.args = (f"task {task!r}, argument {self.args[0]}",)


class DuplicateName(RotaError, ValueError):
    """Two tasks, or two schedules, of one rota have the same name.

    Attributes:
        kind: `"task"` or `"schedule"`.
        name: The name.
        first, second: Where they are declared, as `module:line`.
    """

    def __init__(self, kind: str, name: str, first: str, second: str) -> None:
        self.kind, self.name, self.first, self.second = kind, name, first, second
        super().__init__(
            f"two {kind}s are named {name!r}: one declared at {first}, one at {second}. "
            f"Give one of them another name with name=..."
        )


class UnknownName(RotaError, LookupError):
    """Nothing of that kind has that name.

    Attributes:
        kind: `"task"`, `"schedule"`, `"run"` ...
        name: What was looked up.
        suggestions: Names that look like it, best first.
    """

    kind = "thing"

    def __init__(self, name: str, known: Sequence[str] = (), hint: str = "") -> None:
        self.name = name
        self.suggestions = get_close_matches(name, [one for one in known if one != name], n=3)
        guess = f" Did you mean {self.suggestions[0]!r}?" if self.suggestions else ""
        super().__init__(f"no {self.kind} is named {name!r}.{guess}{' ' + hint if hint else ''}")


class UnknownTask(UnknownName):
    """A task is named that no loaded module declares."""

    kind = "task"


class UnknownSchedule(UnknownName):
    """A schedule is named that the store does not hold."""

    kind = "schedule"


class UnknownRun(UnknownName):
    """A run is named that the store does not hold, or holds no more."""

    kind = "run"


class UnknownLine(UnknownName):
    """A line of the audit is named that there is not."""

    kind = "audit line"


class UnknownGroup(UnknownName):
    """A group of errors is named to which no failed run of the last days belongs."""

    kind = "group of errors"


class Conflict(RotaError):
    """What was to be changed has changed meanwhile. Nothing was done.

    Attributes:
        subject: What was to be changed.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        super().__init__(
            f"{subject} was changed by someone else meanwhile; nothing was done. Look again, then retry."
        )


class ChangedSince(Conflict):
    """A change was to be reverted, and what it made has been changed again. Nothing was done.

    Attributes:
        by: Who did that, when and by what; `""`: no operator did.
    """

    def __init__(self, subject: str, what: str, by: str = "") -> None:
        self.subject, self.by = subject, by
        who = f"by {by}" if by else "by a deploy, or because its end was reached"
        RotaError.__init__(
            self,
            f"{subject}: its {what} was changed again {who}; nothing was done. Look at it, then change it.",
        )


class NotPermitted(RotaError):
    """The actor's role does not allow the operation.

    Attributes:
        actor: Who asked.
        action: For what.
        needed: The role it takes.
    """

    def __init__(self, actor: str, action: str, needed: str) -> None:
        self.actor, self.action, self.needed = actor, action, needed
        super().__init__(
            f"{actor!r} may not {action}: it takes the role {needed!r}. Ask an administrator for it."
        )


class MissingExtra(RotaError):
    """A part of Rota was asked for whose libraries are not installed.

    Attributes:
        what: The part.
        extra: The extra that brings them.
        problem: What Python said.
    """

    def __init__(self, what: str, extra: str, problem: str) -> None:
        self.what, self.extra, self.problem = what, extra, problem
        super().__init__(
            f"{what} needs the extra `rota[{extra}]`: {problem}. Run `pip install 'rota[{extra}]'`."
        )


class WrongPassword(RotaError):
    """Somebody could not sign in. Whether the name or the password was wrong is not said."""

    def __init__(self) -> None:
        super().__init__("this name and this password do not belong together. Check both, then try again.")


class UnknownUser(UnknownName):
    """A user is named that the store does not hold."""

    kind = "user"


class UnknownToken(UnknownName):
    """A token is named that the store does not hold."""

    kind = "token"


class RunInterrupted(BaseException):
    """A run is asked to end now. Raised inside the body by the runner, at whatever line it has reached.

    No error of Rota but a signal, like `KeyboardInterrupt`: an `except Exception` inside a loop, meant for
    the items of the loop, must not swallow it. `finally` and `with` work as ever. Catch it to tidy up, and
    let it go on.
    """


class TimeLimitExceeded(RunInterrupted):
    """The attempt has taken longer than its `time_limit`.

    A body that catches it and then returns has succeeded.

    Attributes:
        limit: The limit, if it is known here.
    """

    def __init__(self, limit: timedelta | None = None) -> None:
        self.limit = limit
        super().__init__(limit)

    def __str__(self) -> str:
        return f"the time limit{f' of {self.limit}' if self.limit else ''} was reached"


class RunCancelled(RunInterrupted):
    """The run was cancelled, or its node stops, or its lease is lost."""

    def __str__(self) -> str:
        return "the run was asked to stop"


class Retry(RotaError):
    """Raised by a body: this attempt has failed, and another is to follow, if the task has attempts left.

    Args:
        after: The wait, such as `"5m"` or a `timedelta`. `None`: what the backoff of the task says.
        reason: Why, in words, for the history.
    """

    def __init__(self, after: str | timedelta | None = None, reason: str = "") -> None:
        self.after, self.reason = after, reason
        wait = "" if after is None else f" after {after}"
        super().__init__(f"another attempt is asked for{wait}{': ' if reason else ''}{reason}")


class GiveUp(RotaError):
    """Raised by a body: the run has failed, and no other attempt can help.

    Args:
        reason: Why, in words, for the history.
    """

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason or "the task gave up")


class NoRun(RotaError):
    """The context of the current run was asked for where no run is executed."""

    def __init__(self) -> None:
        super().__init__(
            "no run is being executed here. current_run() works in the body of a run and in what it calls; "
            "a thread that the body starts itself must be handed the context."
        )


class ResultRefused(RotaError):
    """What a body returned can not be stored. The body did its work: the run is not tried again.

    Attributes:
        task: Name of the task.
        problem: What is wrong with it.
    """

    def __init__(self, task: str, problem: str) -> None:
        self.task, self.problem = task, problem
        super().__init__(
            f"the result of task {task!r} is refused: {problem}. "
            f"Return None, or a small value that JSON can say."
        )


class HardLimitExceeded(RotaError):
    """An attempt went on after its `hard_time_limit`, and was killed or, in a thread, abandoned."""

    def __init__(self, task: str, limit: timedelta | None, killed: bool) -> None:
        self.task, self.limit, self.killed = task, limit, killed
        end = "was killed" if killed else "is abandoned: its thread goes on, and what it ends with is dropped"
        super().__init__(f"task {task!r} did not end within its hard time limit of {limit}, and {end}.")


class ProcessDied(RotaError):
    """The process that executed a body ended before the body did.

    Attributes:
        status: Exit status; below zero, the number of the signal that killed it.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        hint = " The kernel does so when memory runs out." if status == -9 else ""
        super().__init__(f"the process of the run {_exit(status)} before the body ended.{hint}")


class CommandFailed(RotaError):
    """A command ended with an exit status other than zero.

    Attributes:
        status: Exit status; below zero, the number of the signal that killed it.
        last_line: The last line it wrote, or `""`.
    """

    def __init__(self, status: int, last_line: str = "") -> None:
        self.status, self.last_line = status, last_line
        super().__init__(f"the command {_exit(status)}{f'; its last line: {last_line}' if last_line else ''}")


def _exit(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    import signal  # only needed to word this

    try:
        return f"was killed by signal {-status} ({signal.Signals(-status).name})"
    except ValueError:
        return f"was killed by signal {-status}"


class ProcessStuck(RotaError):
    """The process of a run did not come as far as the body.

    Attributes:
        reference: What it was to import.
    """

    def __init__(self, reference: str, seconds: float) -> None:
        self.reference = reference
        super().__init__(f"the process of the run did not import {reference!r} within {seconds:g} s: killed.")


class NotImportable(RotaError):
    """A body is to run in a process of its own, where it can not be imported.

    Attributes:
        reference: `module:qualname` that was looked for, or `""` when there is none.
    """

    def __init__(self, task: str, reference: str, problem: str) -> None:
        self.reference = reference
        super().__init__(
            f"task {task!r} can not be imported by another process ({problem}). "
            f"Move its function to the top of a module, or give it executor='thread'."
        )


class InvalidApp(RotaError, ValueError):
    """The application that a command was given can not be used.

    Attributes:
        app: As it was given, `module:attribute`.
        problem: Why not.
    """

    def __init__(self, app: str, problem: str, hint: str = "") -> None:
        self.app, self.problem = app, problem
        super().__init__(f"the application {app!r} can not be used: {problem}.{' ' + hint if hint else ''}")


class NotEnded(RotaError, ValueError):
    """A run was to be retried that has not ended.

    Attributes:
        run_id: The run.
        state: Where it stands.
    """

    def __init__(self, run_id: str, state: str) -> None:
        self.run_id, self.state = run_id, state
        super().__init__(f"run {run_id} is {state}; only a run that has ended is retried. Cancel it first.")


class MessageLost(RotaError):
    """A run was handed to another system, which has not said in time that it ended.

    Attributes:
        task: Name of the task.
        limit: How long it may take.
    """

    def __init__(self, task: str, limit: timedelta) -> None:
        self.task, self.limit = task, limit
        super().__init__(
            f"task {task!r} was handed over, and is not known to have ended within {limit}. Is a worker of "
            f"that back end running? A longer `time_limit` of the schedule waits longer."
        )
