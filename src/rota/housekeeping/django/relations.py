"""Rows whose relation leads nowhere."""

from __future__ import annotations

from typing import Any

from django.db import models

from rota.errors import InvalidValue
from rota.housekeeping.django.rows import AnyModel, Rows, field_of


def without(model: AnyModel, relation: str) -> models.Q:
    """Return the condition that nothing is at the other end of `relation`.

    Raises:
        InvalidValue: The model has no such relation, or one that can not be asked for.
    """
    found = Rows(model=model).model_class()
    field = field_of(found, relation, "missing")
    if not field.is_relation or field.related_model is None:
        raise InvalidValue("missing", relation, f"it is no relation of {found._meta.label} to a model")
    return models.Q(~models.Exists(_other_end(field)))


def _other_end(field: Any) -> models.QuerySet:
    """Return the rows at the other end of `field`, seen from a row of its model.

    Asked by the keys, not by a join: a foreign key may point to a row that is gone.
    """
    if field.many_to_many:
        through, ours = _through(field)
        return through._base_manager.filter(**{ours: models.OuterRef("pk")})
    if field.auto_created and not field.concrete:  # from the other side
        there = field.field
        return field.related_model._base_manager.filter(
            **{there.attname: models.OuterRef(there.target_field.attname)}
        )
    return field.related_model._base_manager.filter(
        **{field.target_field.attname: models.OuterRef(field.attname)}
    )


def _through(field: Any) -> tuple[type[models.Model], str]:
    if field.auto_created and not field.concrete:
        return field.through, field.field.m2m_reverse_field_name()
    return field.remote_field.through, field.m2m_field_name()
