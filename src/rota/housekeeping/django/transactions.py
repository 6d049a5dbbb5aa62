"""Short transactions over rows that are held, and looked at again, before anything is done to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from django.db import IntegrityError, connections, models, transaction

from rota.housekeeping.django.tally import Tally

Act = Callable[[models.QuerySet, Tally], None]


def in_transactions(matching: models.QuerySet, keys: Sequence[Any], act: Act, tally: Tally) -> None:
    """Let `act` do its work on the rows of `keys` that still match, in one transaction.

    When a constraint forbids it, the rows are halved until it is known which of them are in the way: these
    stay as they are, and are counted. `act` gets the rows as a queryset, and counts what it has done.
    """
    try:
        done = _in_one(matching, keys, act, tally)
    except (models.ProtectedError, models.RestrictedError, IntegrityError) as error:
        if len(keys) == 1:
            tally.keep(keys[0], error)
            return
        middle = len(keys) // 2
        in_transactions(matching, keys[:middle], act, tally)
        in_transactions(matching, keys[middle:], act, tally)
    else:
        tally.add(done)


def _in_one(matching: models.QuerySet, keys: Sequence[Any], act: Act, tally: Tally) -> Tally:
    """Do it in one transaction, and return what was done by it: counted only once it is committed."""
    done, began = Tally(), monotonic()
    try:
        with transaction.atomic(using=matching.db):
            held = hold(matching, keys)
            if held:
                # By all conditions again: a row that has changed since its key was read is left.
                act(matching.filter(pk__in=held), done)
            done.skipped = max(0, len(keys) - done.done - done.failed)
    finally:
        tally.longest = max(tally.longest, monotonic() - began)
    return done


def has_row_locks(rows: models.QuerySet) -> bool:
    """Say whether the database of `rows` locks rows; otherwise, a writer has all of it to itself."""
    return bool(connections[rows.db].features.has_select_for_update)


def hold(matching: models.QuerySet, keys: Sequence[Any]) -> list[Any]:
    """Lock the rows of `keys` until the transaction ends; return the keys of those that are held.

    A row that someone else has locked is passed over: nobody waits for it, and the next run has it.
    """
    connection = connections[matching.db]
    meta = matching.model._meta
    if not has_row_locks(matching):
        # A transaction that reads before it writes would be refused by SQLite, not made to wait, when another
        # has written since: so it begins with a write, of nothing.
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(meta.db_table)
            cursor.execute(f"DELETE FROM {table} WHERE 1 = 0")  # noqa: S608
    else:
        # Without the conditions of `matching`, which may join tables that are not to be locked. They are
        # asked by what is done next: by then, no row can change any more.
        skip = connection.features.has_select_for_update_skip_locked
        rows = matching.model._base_manager.using(matching.db).filter(pk__in=keys).order_by("pk")
        keys = list(rows.select_for_update(skip_locked=skip).values_list("pk", flat=True))
    return list(keys)
