"""Change schedules: pause, resume, skip the next occurrence, override a field and take that back.

Each takes names, makes a plan, and applies it by compare-and-set on the revision of every schedule: when one
has changed meanwhile, the plan is made anew, unless the caller said which revision it meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rota.core.changes import paused, redefined, resumed, skipping_next
from rota.core.overriding import value_of
from rota.core.records import (
    AuditLine,
    Change,
    Definition,
    Json,
    Override,
    Pause,
    Schedule,
    ScheduleState,
    Source,
)
from rota.errors import Conflict, InvalidValue
from rota.operations.actor import Actor, Role
from rota.operations.fields import changed
from rota.operations.lookups import PAGE, schedules_named
from rota.operations.masking import masked
from rota.operations.results import Effect, Result
from rota.operations.shapes import utc
from rota.runtime.events import Event

if TYPE_CHECKING:
    from rota.app import Rota

TRIES = 5
Names = str | Sequence[str]
# Says what becomes of one schedule: a change, what the audit keeps of before and after, and words; or only
# words, when nothing is to be done.
Made = tuple[Change, Json, Json, str] | str
Make = Callable[[Schedule, datetime], Made]


def pause(
    rota: Rota,
    names: Names,
    actor: Actor,
    reason: str = "",
    until: datetime | None = None,
    *,
    start: datetime | None = None,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Stop schedules from firing, until `until` or until they are resumed: at once, or from `start` on.

    A schedule has one pause at a time. Another replaces it; but to plan one does not end one that is in
    force: such a schedule is left as it is.

    Raises:
        UnknownSchedule: One does not exist; nothing was done.
        Conflict: One has changed since `expected_revision`, or keeps changing.
        InvalidValue: `until` has passed, or is not after `start`; or one of them has no zone.
        NotPermitted: It takes the role `operator`.
    """
    start, until = _utc("start", start), _utc("until", until)

    def make(schedule: Schedule, now: datetime) -> Made:
        before = schedule.pause
        change = paused(schedule, now, actor.name, reason, until, start)
        words = pause_in_words(change.after.pause, now) if change.after.pause else ""
        if before is not None and before.holds(now) and start is not None and start > now:
            until_when = pause_in_words(before, now)
            return f"it is {until_when} by {before.by}; resume it before you plan another pause"
        if before is not None and not before.has_begun(now):
            words += f", in the place of the one that {before.by} has planned {_span(before)}"
        return change, pause_json(schedule), pause_json(change.after), words

    return amend(rota, names, actor, "pause", reason, make, dry_run, expected_revision)


def resume(
    rota: Rota,
    names: Names,
    actor: Actor,
    reason: str = "",
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """End the pause of schedules, or take away the one that is planned.

    What came due inside it is recorded as skipped. Raises as `pause` does.
    """

    def make(schedule: Schedule, now: datetime) -> Made:
        if schedule.pause is None:
            return "it is not paused"
        words = "resumed" if schedule.pause.has_begun(now) else f"not paused {_span(schedule.pause)} any more"
        return resumed(schedule, now), pause_json(schedule), None, words

    return amend(rota, names, actor, "resume", reason, make, dry_run, expected_revision)


def skip_next(
    rota: Rota,
    names: Names,
    actor: Actor,
    reason: str = "",
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Leave out the next occurrence of schedules. Raises as `pause` does."""

    def make(schedule: Schedule, now: datetime) -> Made:
        change = skipping_next(schedule, now, actor.name, reason)
        until = change.after.pause.until if change.after.pause else None
        words = f"its occurrence of {utc(until.replace(microsecond=0))} is left out" if until else ""
        return change, None, pause_json(change.after), words

    return amend(rota, names, actor, "skip", reason, make, dry_run, expected_revision)


def override(
    rota: Rota,
    names: Names,
    field: str,
    value: Json,
    actor: Actor,
    reason: str = "",
    until: datetime | None = None,
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Let an operator's value for one field win over the declared one; see `override_fields`."""
    return override_fields(
        rota,
        names,
        {field: value},
        actor,
        reason,
        until,
        dry_run=dry_run,
        expected_revision=expected_revision,
    )


def override_fields(
    rota: Rota,
    names: Names,
    fields: Mapping[str, Json],
    actor: Actor,
    reason: str = "",
    until: datetime | None = None,
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Let an operator's values win over the declared ones, until `until` or until they are cleared.

    Args:
        fields: Values by the names of `rota.core.overriding.FIELDS`: JSON, or text as a person types it;
            checked as the declaration is.

    Raises: as `pause` does, and as `rota.operations.fields.changed` does.
    """
    until = _utc("until", until)

    def make(schedule: Schedule, now: datetime) -> Made:
        if until is not None and until <= now:
            raise InvalidValue("until", until.isoformat(), f"it must be later than now ({now.isoformat()})")
        if schedule.source is Source.USER:
            raise InvalidValue(
                "schedule", schedule.name, "a user made it", "Edit it instead of overriding it."
            )
        if schedule.state is ScheduleState.RETIRED:
            return "it is retired: the code no longer declares it"
        _, before, after = with_fields(rota, schedule.effective, fields)
        mine = [
            Override(field=field, value=wanted, author=actor.name, reason=reason, created_at=now, until=until)
            for field, wanted in after.items()
        ]
        others = [each for each in schedule.overrides if each.field not in fields]
        change = redefined(schedule, now, overrides=(*others, *mine))
        return change, before, after, changes_in_words(before, after)

    return amend(rota, names, actor, "override", reason, make, dry_run, expected_revision)


def _utc(field: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise InvalidValue(field, at, "it has no zone", "Give an aware datetime.")
    return at and at.astimezone(UTC)


def with_fields(
    rota: Rota, definition: Definition, fields: Mapping[str, Json]
) -> tuple[Definition, dict[str, Json], dict[str, Json]]:
    """Return a definition with other values, and the values before and after. Raises as `changed` does."""
    wanted = definition
    for field, value in fields.items():
        wanted = changed(rota, wanted, field, value)
    before, after = ({field: value_of(one, field) for field in fields} for one in (definition, wanted))
    return wanted, before, after


def clear_override(
    rota: Rota,
    names: Names,
    field: str | None,
    actor: Actor,
    reason: str = "",
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Return one field, or with `None` every field, to what the code declares. Raises as `pause` does."""
    fields = [] if field is None else [field]
    return clear_fields(
        rota, names, fields, actor, reason, dry_run=dry_run, expected_revision=expected_revision
    )


def clear_fields(
    rota: Rota,
    names: Names,
    fields: Sequence[str],
    actor: Actor,
    reason: str = "",
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Return fields, or with none named every field, to what the code declares. Raises as `pause` does."""

    def make(schedule: Schedule, now: datetime) -> Made:
        dropped = [one for one in schedule.overrides if not fields or one.field in fields]
        if not dropped:
            return f"{', '.join(fields)} is not overridden" if fields else "nothing is overridden"
        kept = tuple(one for one in schedule.overrides if one not in dropped)
        change = redefined(schedule, now, overrides=kept)
        names = [one.field for one in dropped]
        before = {name: value_of(schedule.effective, name) for name in names}
        after = {name: value_of(schedule.declared, name) for name in names}
        return change, before, after, f"{', '.join(names)} as declared again"

    return amend(rota, names, actor, "clear override", reason, make, dry_run, expected_revision)


def amend(
    rota: Rota,
    names: Names,
    actor: Actor,
    action: str,
    reason: str,
    make: Make,
    dry_run: bool = False,
    expected_revision: int | None = None,
    role: Role = Role.OPERATOR,
) -> Result:
    """Change schedules by name, each once; one transaction for every 500 of them."""
    actor.require(role, action)
    wanted = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if expected_revision is not None and len(wanted) > 1:
        raise InvalidValue("expected_revision", expected_revision, "it is that of one schedule")
    schedules_named(rota, wanted)  # before anything is changed: all of them exist
    effects: list[Effect] = []
    revisions: dict[str, int] = {}
    for start in range(0, len(wanted), PAGE):
        chunk = wanted[start : start + PAGE]
        part = _amend_chunk(rota, chunk, actor, action, reason, make, dry_run, expected_revision)
        effects += part.effects
        revisions |= part.revisions
    return Result(action=action, dry_run=dry_run, effects=tuple(effects), revisions=revisions)


def _amend_chunk(
    rota: Rota,
    names: Sequence[str],
    actor: Actor,
    action: str,
    reason: str,
    make: Make,
    dry_run: bool,
    expected: int | None,
) -> Result:
    for _ in range(TRIES):
        now = rota.clock.now()
        effects, changes, lines = [], [], []
        for schedule in schedules_named(rota, names):
            if expected is not None and schedule.revision != expected:
                raise Conflict(f"schedule {schedule.name!r}")
            made = make(schedule, now)
            if isinstance(made, str):
                effects.append(Effect(schedule.name, False, made))
                continue
            change, before, after, words = made
            effects.append(Effect(schedule.name, True, words + _warning(change)))
            changes.append(change)
            lines.append(
                actor.line(rota.name, now, action, schedule.name, reason, masked(before), masked(after))
            )
        if dry_run or not changes or rota.store.amend(changes, lines):
            revisions = {} if dry_run else {one.after.name: one.after.revision for one in changes}
            if not dry_run:
                _tell(rota, lines, now)
            return Result(action=action, dry_run=dry_run, effects=tuple(effects), revisions=revisions)
        if expected is not None:
            break
    raise Conflict(f"schedule {names[0]!r}" if len(names) == 1 else f"one of {len(names)} schedules")


def _warning(change: Change) -> str:
    after = change.after
    if after.state is ScheduleState.QUARANTINED:
        return f"; it is quarantined: {after.quarantine}"
    return "; it is never due again" if after.state is ScheduleState.FINISHED else ""


def _tell(rota: Rota, lines: Sequence[AuditLine], now: datetime) -> None:
    for line in lines:
        facts = {"action": line.action, "by": line.actor, "reason": line.reason}
        rota.events.tell(
            Event(kind="schedule_changed", at=now, subject=line.subject, schedule=line.subject, facts=facts)
        )


def pause_json(schedule: Schedule) -> Json:
    """Return the pause of a schedule as the audit keeps it."""
    pause = schedule.pause
    if pause is None:
        return None
    return {
        "by": pause.by,
        "reason": pause.reason,
        "start": utc(pause.start),
        "until": utc(pause.until),
    }


def pause_in_words(pause: Pause, now: datetime) -> str:
    """Say how long a pause lasts, and of one that is planned, when it begins."""
    return f"paused {_end(pause)}" if pause.has_begun(now) else f"planned to be paused {_span(pause)}"


def _span(pause: Pause) -> str:
    return f"from {utc(pause.start)} {_end(pause)}"


def _end(pause: Pause) -> str:
    return f"until {utc(pause.until)}" if pause.until else "until it is resumed"


def shown(field: str, value: Json) -> str:
    """Write a value of a field for people, secrets masked."""
    text = str(masked({field: value})[field])
    return text if len(text) <= 80 else f"{text[:77]}..."


def changes_in_words(before: Mapping[str, Json], after: Mapping[str, Json]) -> str:
    """Write which fields change from what to what, secrets masked."""
    return "; ".join(f"{one}: {shown(one, before[one])} -> {shown(one, after[one])}" for one in after)
