"""Schedules that users make: create, edit, delete. The code's own are overridden instead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from rota.core.changes import redefined
from rota.core.reconcile import new_schedule
from rota.core.records import Json, Schedule, Source
from rota.declare.limits import checked_name
from rota.errors import Conflict, InvalidValue
from rota.operations.actor import Actor, Role
from rota.operations.changing import Made, amend, changes_in_words, override_fields, with_fields
from rota.operations.lookups import schedule_named
from rota.operations.masking import masked
from rota.operations.results import Result

if TYPE_CHECKING:
    from rota.app import Rota


def create_schedule(
    rota: Rota,
    name: str,
    task: str,
    timetable: str,
    actor: Actor,
    reason: str = "",
    fields: Mapping[str, Json] | None = None,
) -> Schedule:
    """Make a schedule of a declared task, beside those of the code.

    Args:
        fields: More of its definition, by the names of `rota.core.overriding.FIELDS`.

    Raises:
        InvalidValue: The name is taken, or a value can not be used; names the field.
        UnknownTask: The code declares no such task.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "create")
    checked_name("schedule name", name)
    known, given = rota.registry.task(task), dict(fields or {})
    definition = rota.definition(known, timetable, args=given.pop("args", None))
    definition, _, _ = with_fields(rota, definition, given)
    now = rota.clock.now()
    schedule = new_schedule(rota.name, name, definition, Source.USER, now)
    after = {"task": task, "timetable": definition.timetable, "args": dict(definition.args), **given}
    line = actor.line(rota.name, now, "create", name, reason, None, masked(after))
    if name in rota.registry.schedules or not rota.store.add_schedule(schedule, [line]):
        raise InvalidValue("schedule name", name, "a schedule has this name", "Choose another.")
    return schedule


def edit_schedule(
    rota: Rota,
    name: str,
    fields: Mapping[str, Json],
    actor: Actor,
    reason: str = "",
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Change fields of a schedule that a user made.

    Raises:
        InvalidValue: The code declares it, or a value can not be used.
        Conflict: It has changed since `expected_revision`, or keeps changing.
        UnknownSchedule, UnknownTask, NotPermitted: As elsewhere.
    """

    def make(schedule: Schedule, now: datetime) -> Made:
        _made_by_user(schedule)
        definition, before, after = with_fields(rota, schedule.declared, fields)
        words = changes_in_words(before, after)
        return redefined(schedule, now, declared=definition), before, after, words

    return amend(rota, name, actor, "edit", reason, make, dry_run, expected_revision)


def set_fields(
    rota: Rota,
    name: str,
    fields: Mapping[str, Json],
    actor: Actor,
    reason: str = "",
    until: datetime | None = None,
    *,
    dry_run: bool = False,
    expected_revision: int | None = None,
) -> Result:
    """Give fields of a schedule other values: edit one that a user made, override what the code declares.

    Args:
        until: The end of an override.

    Raises: as `edit_schedule` and `override_fields` do; an edit has no end.
    """
    if schedule_named(rota, name).source is Source.USER:
        if until is not None:
            raise InvalidValue("until", until.isoformat(), "a schedule that a user made is edited for good")
        return edit_schedule(
            rota, name, fields, actor, reason, dry_run=dry_run, expected_revision=expected_revision
        )
    return override_fields(
        rota, name, fields, actor, reason, until, dry_run=dry_run, expected_revision=expected_revision
    )


def delete_schedule(
    rota: Rota, name: str, actor: Actor, reason: str = "", *, expected_revision: int | None = None
) -> None:
    """Delete a schedule that a user made. Its history stays.

    Raises:
        InvalidValue: The code declares it.
        Conflict: It has changed since `expected_revision`, or at this moment.
        UnknownSchedule: There is none of this name.
        NotPermitted: It takes the role `admin`.
    """
    actor.require(Role.ADMIN, "delete")
    schedule = schedule_named(rota, name)
    _made_by_user(schedule)
    if expected_revision is not None and schedule.revision != expected_revision:
        raise Conflict(f"schedule {name!r}")
    before = {"task": schedule.declared.task, "timetable": schedule.declared.timetable}
    line = actor.line(rota.name, rota.clock.now(), "delete", name, reason, before, None)
    if not rota.store.remove_schedule(schedule, [line]):
        raise Conflict(f"schedule {name!r}")


def _made_by_user(schedule: Schedule) -> None:
    if schedule.source is not Source.USER:
        hint = "Override a field, pause it, or change the code."
        raise InvalidValue("schedule", schedule.name, "the code declares it", hint)
