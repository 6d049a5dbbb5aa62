"""Compare what the code declares with what is stored, and say what a sync has to do. Pure.

Syncs are numbered by *generation*: each declaration that is put in force gets a higher number. A node
that starts with a declaration that was replaced by a newer one changes nothing, so that in a rolling
deploy an old release can neither retire nor rewrite what the new one declared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from rota.core.changes import redefined, retired
from rota.core.ids import schedule_id
from rota.core.masking import masked
from rota.core.planning import first_due
from rota.core.records import (
    Change,
    Declared,
    Definition,
    Generation,
    Node,
    Schedule,
    ScheduleState,
    Source,
    SyncLine,
    SyncPlan,
)
from rota.errors import RotaError

REMEMBERED = 100  # how many earlier declarations are told apart from new ones


def reconcile(
    rota: str,
    declared: Sequence[Declared],
    stored: Iterable[Schedule],
    generation: Generation | None,
    fingerprint: str,
    now: datetime,
    *,
    reset: bool = False,
) -> SyncPlan:
    """Return what makes the store say what `declared` says, as a new generation.

    Pauses are kept, and operators' overrides too, unless `reset`. A schedule that is no longer declared is
    retired; one declared again is taken up again, without its past.
    """
    put_in_force = _succeeding(rota, generation, fingerprint, now)
    number = put_in_force.number
    by_name = {one.name: one for one in stored}
    create: list[Schedule] = []
    change: list[Change] = []
    lines: list[SyncLine] = []
    taken: set[str] = set()
    for one in declared:
        known = by_name.get(one.name) or (by_name.get(one.was) if one.was else None)
        if known is None:
            create.append(_created(rota, one, number, now))
            lines.append(SyncLine("create", one.name, one.definition.timetable))
            continue
        taken.add(known.id)
        made = _updated(one, known, number, now, reset)
        lines.append(_line(one, known, made))
        if made is not None:
            change.append(made)
    for known in by_name.values():
        if known.id not in taken and known.source is Source.CODE and known.state is not ScheduleState.RETIRED:
            change.append(retired(known, now, number))
            lines.append(SyncLine("retire", known.name, "the code no longer declares it"))
    return SyncPlan(
        generation=put_in_force,
        revision=generation.revision if generation else 0,
        create=tuple(create),
        change=tuple(change),
        lines=tuple(lines),
    )


def narrowed(plan: SyncPlan, names: Collection[str]) -> SyncPlan:
    """Return the part of a plan that is about schedules of these names."""
    return replace(
        plan,
        create=tuple(one for one in plan.create if one.name in names),
        change=tuple(one for one in plan.change if one.after.name in names),
        lines=tuple(one for one in plan.lines if one.name in names),
    )


def is_outdated(generation: Generation | None, fingerprint: str, live: Iterable[Node]) -> bool:
    """Say whether a declaration was replaced by a newer one that a live node still runs.

    When no live node runs the newer one, the deploy was rolled back: the older one is put in force again.
    """
    if generation is None or fingerprint not in generation.past:
        return False
    # Not by number: a declaration that is put in force again gets a new one, and its nodes keep the old.
    return any(node.fingerprint == generation.fingerprint for node in live)


def _succeeding(rota: str, known: Generation | None, fingerprint: str, now: datetime) -> Generation:
    if known is None:
        return Generation(rota=rota, number=1, fingerprint=fingerprint, revision=1, synced_at=now)
    if known.fingerprint == fingerprint:
        return replace(known, revision=known.revision + 1, synced_at=now)
    past = [one for one in (*known.past, known.fingerprint) if one != fingerprint]
    return Generation(
        rota=rota,
        number=known.number + 1,
        fingerprint=fingerprint,
        revision=known.revision + 1,
        synced_at=now,
        past=tuple(past[-REMEMBERED:]),
    )


def _created(rota: str, declared: Declared, generation: int, now: datetime) -> Schedule:
    return new_schedule(rota, declared.name, declared.definition, Source.CODE, now, generation=generation)


def new_schedule(
    rota: str, name: str, definition: Definition, source: Source, now: datetime, *, generation: int = 0
) -> Schedule:
    """Return a schedule that begins now: what its timetable says of the past stays undone."""
    state, quarantine, due = ScheduleState.ACTIVE, None, None
    try:
        due = first_due(name, definition, now)
        state = ScheduleState.ACTIVE if due else ScheduleState.FINISHED
    except (RotaError, ArithmeticError) as error:
        state, quarantine = ScheduleState.QUARANTINED, str(error)
    return Schedule(
        id=schedule_id(rota, name, now),
        rota=rota,
        name=name,
        source=source,
        state=state,
        quarantine=quarantine,
        declared=definition,
        effective=definition,
        generation=generation,
        cursor=now,
        next_due=due,
        created_at=now,
        updated_at=now,
    )


def _updated(
    declared: Declared, known: Schedule, generation: int, now: datetime, reset: bool
) -> Change | None:
    """Return the change that `known` needs, or `None`."""
    same = (
        known.declared == declared.definition
        and known.name == declared.name
        and known.source is Source.CODE
        and known.state in (ScheduleState.ACTIVE, ScheduleState.FINISHED)
        and not (reset and known.overrides)
    )
    if same:
        return None
    return redefined(
        known,
        now,
        declared=declared.definition,
        overrides=() if reset else None,
        generation=generation,
        source=Source.CODE,
        name=declared.name,
    )


def _line(declared: Declared, known: Schedule, made: Change | None) -> SyncLine:
    if made is None:
        return SyncLine("keep", declared.name)
    if known.state is ScheduleState.RETIRED:
        return SyncLine("restore", declared.name, "declared again")
    if known.state is ScheduleState.QUARANTINED:
        return SyncLine("retry", declared.name, f"was quarantined: {known.quarantine}")
    if known.name != declared.name:
        return SyncLine("rename", declared.name, f"was {known.name!r}")
    return SyncLine("update", declared.name, "; ".join(differences(known.declared, declared.definition)))


def differences(before: Definition, after: Definition) -> list[str]:
    """Return one text, `field: old -> new`, for each field that differs; secrets are masked."""
    pairs = ((one.name, getattr(before, one.name), getattr(after, one.name)) for one in fields(Definition))
    return [f"{name}: {_short(old)} -> {_short(new)}" for name, old, new in pairs if old != new]


def _short(value: object) -> str:
    text = str(masked(dict(value))) if isinstance(value, Mapping) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
