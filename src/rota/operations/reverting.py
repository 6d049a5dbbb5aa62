"""Take back what an operator changed of a schedule: a pause, an override, an edit.

A line of the audit says what was before. That is put back, if what the change made still holds: when somebody
has changed the same again, it is refused, saying who did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rota.core.changes import paused, redefined, resumed
from rota.core.masking import MASK, masked
from rota.core.overriding import FIELDS, value_of
from rota.core.records import AuditLine, Change, Definition, Json, Override, Schedule, ScheduleState, Source
from rota.errors import ChangedSince, InvalidValue, UnknownLine
from rota.operations.actor import Actor
from rota.operations.changing import Made, amend, changes_in_words, pause_in_words, pause_json
from rota.operations.fields import changed
from rota.operations.history import audit
from rota.operations.results import Result
from rota.operations.shapes import utc

if TYPE_CHECKING:
    from rota.app import Rota

SEARCHED = 500  # the latest lines of a subject
ACTIONS = ("pause", "resume", "skip", "override", "clear override", "edit", "revert")
PAUSE = {"start", "by", "reason", "until"}


@dataclass(frozen=True, slots=True)
class Reverted:
    """What a line changed: the pause of a schedule, or, if `fields` names any, these.

    Attributes:
        before, after: Of these, as the audit has them.
    """

    fields: tuple[str, ...]
    before: Any
    after: Any


def reverted(line: AuditLine) -> Reverted | None:
    """Return what reverting a line would put back; `None`: such a change is not reverted. Pure."""
    before, after = line.before, line.after
    if line.action not in ACTIONS or before == after:
        return None
    if all(one is None or (isinstance(one, Mapping) and set(one) == PAUSE) for one in (before, after)):
        return Reverted((), before, after)
    if (
        isinstance(before, Mapping)
        and isinstance(after, Mapping)
        and set(before) == set(after) <= set(FIELDS)
    ):
        return Reverted(tuple(before), before, after)
    return None


def audit_line(rota: Rota, subject: str, at: datetime) -> AuditLine:
    """Return the line about a subject that was written at an instant. Raises `UnknownLine`."""
    for line in audit(rota, subject, SEARCHED):
        if line.at == at:
            return line
    raise UnknownLine(
        f"{subject} at {utc(at)}", (), f"Only the latest {SEARCHED} of a subject are looked at."
    )


def revert(
    rota: Rota, subject: str, at: datetime, actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Result:
    """Put back what was before a change: the change of schedule `subject` that the audit has at `at`.

    A field that had the declared value is as declared again; the end of an earlier override is not put back.

    Raises:
        UnknownLine: The audit has no such line.
        InvalidValue: It is none of a pause, an override or an edit; or held a secret, which no audit keeps.
        ChangedSince: The same has been changed again.
        UnknownSchedule: It was deleted.
        NotPermitted: It takes the role `operator`.
    """
    line = audit_line(rota, subject, at)
    what = reverted(line)
    if what is None:
        hint = f"What can be reverted: {', '.join(ACTIONS)}."
        raise InvalidValue("action", line.action, "it is not reverted", hint)
    if _holds_secret(what.before):
        raise InvalidValue(
            "before", MASK, "it held a secret, which the audit does not keep", "Set it by hand."
        )

    def make(schedule: Schedule, now: datetime) -> Made:
        current = _current(schedule, what)
        if masked(current) != what.after:
            raise _changed_since(rota, line, what)
        if not what.fields:
            return _pause_again(schedule, what.before, now)
        change = _fields_again(rota, schedule, what.before, actor, reason, now)
        return (change, current, what.before, changes_in_words(current, what.before)) if change else _RETIRED

    return amend(rota, subject, actor, "revert", reason, make, dry_run)


_RETIRED = "it is retired: the code no longer declares it"


def _current(schedule: Schedule, what: Reverted) -> Json:
    if not what.fields:
        return pause_json(schedule)
    return {field: value_of(_own(schedule), field) for field in what.fields}


def _own(schedule: Schedule) -> Definition:
    """Return the definition that operators change: the declared one of a schedule that a user made."""
    return schedule.declared if schedule.source is Source.USER else schedule.effective


def _pause_again(schedule: Schedule, before: Any, now: datetime) -> Made:
    start = datetime.fromisoformat(before["start"]) if before else None
    until = datetime.fromisoformat(before["until"]) if before and before["until"] else None
    if before is None or (until is not None and until <= now):
        return resumed(schedule, now), pause_json(schedule), None, "it is no longer paused"
    # As it was: whoever paused it has done so, not who reverts what came after.
    change = paused(schedule, now, before["by"], before["reason"], until, start)
    again = pause_in_words(change.after.pause, now) if change.after.pause else ""
    words = f"{again} again, as {before['by']} did"
    return change, pause_json(schedule), pause_json(change.after), words


def _fields_again(
    rota: Rota, schedule: Schedule, before: Mapping[str, Json], actor: Actor, reason: str, now: datetime
) -> Change | None:
    """Return the change that gives fields their former values; `None`: there is nothing to change."""
    definition = schedule.declared
    if schedule.source is Source.USER:
        for field, value in before.items():
            definition = changed(rota, definition, field, value)
        return redefined(schedule, now, declared=definition)
    if schedule.state is ScheduleState.RETIRED:
        return None
    kept = [one for one in schedule.overrides if one.field not in before]
    for field, value in before.items():
        if value != value_of(schedule.declared, field):
            definition = changed(rota, definition, field, value)
            kept.append(
                Override(
                    field=field, value=value, author=actor.name, reason=reason, created_at=now, until=None
                )
            )
    return redefined(schedule, now, overrides=kept)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, list):
        return any(map(_holds_secret, value))
    return isinstance(value, str) and MASK in value


def _changed_since(rota: Rota, line: AuditLine, what: Reverted) -> ChangedSince:
    """Say who has changed the same after `line`."""
    by = ""
    for later in audit(rota, line.subject, SEARCHED):
        if later.at <= line.at:
            break
        other = reverted(later)
        if other is not None and (set(other.fields) & set(what.fields) or not (other.fields or what.fields)):
            by = f"{later.actor} at {utc(later.at)} ({later.action})"
            break
    return ChangedSince(f"schedule {line.subject!r}", ", ".join(what.fields) or "pause", by)
