"""Which rows a task is about, and the order in which they are walked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeAlias

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router
from django.utils import timezone

from rota.core.policies import duration
from rota.declare.options import Span
from rota.errors import InvalidValue
from rota.housekeeping.django.ages import older_before

AnyModel: TypeAlias = type[models.Model] | str
Using: TypeAlias = str | models.QuerySet | Callable[[datetime], models.QuerySet]
Narrow: TypeAlias = models.Q | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a model that a task is about. Nothing is asked of the database until a run does.

    Attributes:
        model: The model, or its label such as `"reports.Report"`.
        age: How old a row must be; with `using` as the name of a field.
        using: Name of the field that tells the age, a queryset, or a function from now to a queryset.
        where: A further condition.
        database: Alias; `None`: that of the queryset, or where the router lets the model be written.
        or_never: Rows without an age match, too.
    """

    model: AnyModel
    age: timedelta | None = None
    using: Using | None = None
    where: models.Q = field(default_factory=models.Q)
    database: str | None = None
    or_never: bool = False

    @classmethod
    def of(
        cls,
        model: AnyModel,
        older_than: Span | None = None,
        using: Using | None = None,
        where: Narrow | None = None,
        database: str | None = None,
        or_never: bool = False,
    ) -> Rows:
        """Return the rows, checked as far as this can be done without a database.

        Raises:
            InvalidValue: A value can not be used; the message names it.
        """
        age = None if older_than is None else duration("older_than", older_than)
        if age is not None and age < timedelta(0):
            raise InvalidValue("older_than", older_than, "it must not be negative")
        if (age is not None) != isinstance(using, str):
            raise InvalidValue(
                "using",
                using,
                "an age needs the name of a date field, and a name needs older_than",
                "Write older_than='30d', using='created_at'; or using=... a queryset, without older_than.",
            )
        found = cls(
            model=model,
            age=age,
            using=using,
            where=narrowed(where),
            database=database,
            or_never=or_never,
        )
        if not isinstance(model, str):
            found._checked(model)
        elif model.count(".") != 1:
            raise InvalidValue("model", model, "it must be a model, or its label such as 'reports.Report'")
        return found

    @property
    def label(self) -> str:
        """The label of the model, such as `reports.Report`."""
        return self.model if isinstance(self.model, str) else self.model._meta.label

    def model_class(self) -> type[models.Model]:
        """Return the model. Raises `InvalidValue` when no app has it, or it lacks the field."""
        if not isinstance(self.model, str):
            return self.model
        try:
            found: type[models.Model] = apps.get_model(self.model)
        except (LookupError, ValueError) as error:
            raise InvalidValue("model", self.model, "no installed app has it", str(error)) from error
        self._checked(found)
        return found

    def alias(self) -> str:
        """Return the alias of the database that holds the rows."""
        if self.database is None and isinstance(self.using, models.QuerySet) and self.using._db:
            return str(self.using._db)
        return self.database or router.db_for_write(self.model_class())

    def matching(self, now: datetime | None = None) -> models.QuerySet:
        """Return the rows that match at `now`, in no order; default: now, by the clock that wrote them."""
        model, now = self.model_class(), now or datetime.now(UTC)
        if isinstance(self.using, str):
            assert self.age is not None
            column, zone = model._meta.get_field(self.using), timezone.get_default_timezone()
            before = older_before(column, now, self.age, zone, settings.USE_TZ)
            old = models.Q(**{f"{self.using}__lt": before})
            if self.or_never:
                old |= models.Q(**{f"{self.using}__isnull": True})
            found = model._default_manager.filter(old)
        elif callable(self.using) and not isinstance(self.using, models.QuerySet):
            zone = timezone.get_default_timezone()
            found = self.using(now if settings.USE_TZ else timezone.make_naive(now, zone))
        else:
            found = model._default_manager.all() if self.using is None else self.using.all()
        if found.query.is_sliced:
            raise InvalidValue("using", found.query, "a slice can not be walked", "Use max_batches.")
        return found.using(self.alias()).filter(self.where).order_by()

    def order(self) -> tuple[str, ...]:
        """Return the fields to walk by: the one that tells the age if the database can read in its order."""
        model = self.model_class()
        if isinstance(self.using, str) and is_indexed(model, self.using):
            return (self.using, "pk")
        return ("pk",)

    def _checked(self, model: type[models.Model]) -> None:
        if isinstance(self.using, models.QuerySet) and self.using.model is not model:
            raise InvalidValue("using", self.using.model._meta.label, f"it must be rows of {self.label}")
        if isinstance(self.using, str) and not isinstance(field_of(model, self.using), models.DateField):
            raise InvalidValue("using", self.using, "it must name a date or datetime field")


def field_of(model: type[models.Model], name: str, what: str = "using") -> Any:
    """Return the field, or relation, of that name. Raises `InvalidValue` with names that look like it."""
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        names = [one.name for one in model._meta.get_fields()]
        close = get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(sorted(names))}."
        raise InvalidValue(what, name, f"{model._meta.label} has no such field", hint) from None


def narrowed(where: Narrow | None) -> models.Q:
    """Return the condition that `where` stands for. Raises `InvalidValue` for anything else."""
    if where is not None and not isinstance(where, models.Q | Mapping):
        raise InvalidValue("where", where, "it must be a Q, or a dict of look-ups")
    if isinstance(where, models.Q):
        return where
    return models.Q(**(where or {}))


def is_indexed(model: type[models.Model], name: str) -> bool:
    """Say whether an index of the model's own table begins with that field, for every row."""
    column = model._meta.get_field(name)
    if column not in model._meta.local_concrete_fields:
        return False
    leading = [one.fields_orders[0][0] for one in model._meta.indexes if one.fields and one.condition is None]
    return bool(column.db_index or column.unique) or name in leading


def keys_after(
    matching: models.QuerySet, order: tuple[str, ...], last: tuple[Any, ...] | None, limit: int
) -> list[tuple[Any, ...]]:
    """Return the next keys in `order` after `last`: a page that costs the same wherever it lies."""
    found = matching
    if last is not None and len(order) == 1:
        found = found.filter(pk__gt=last[0])
    elif last is not None:
        # The first condition says nothing new; it is the one by which a database enters the index.
        name, value = order[0], last[0]
        later = models.Q(**{f"{name}__gt": value}) | models.Q(pk__gt=last[1])
        found = found.filter(later, **{f"{name}__gte": value})
    return list(found.order_by(*order).values_list(*order)[:limit])
