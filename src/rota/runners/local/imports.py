"""Find the body of a task in a process that has not declared it."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

import msgspec

from rota.core.records import Json
from rota.core.tasks import Body
from rota.errors import NotImportable
from rota.runners.local.wire import Order


def object_at(reference: str) -> Any:
    """Return the object that `module:qualname` names."""
    module, _, name = reference.partition(":")
    return attrgetter(name)(import_module(module))


def imported(order: Order) -> Body:
    """Return the body of the task of `order`.

    The name in the module usually stands for the task (it has a `body`), else for the bare function.

    Raises:
        NotImportable: There is nothing to call under that name.
    """
    task, reference = order.run.task, order.reference
    try:
        found = object_at(reference)
    except AttributeError as error:
        raise NotImportable(task, reference, str(error)) from error
    body = getattr(found, "body", None)
    if isinstance(body, Body) and body.name == task:
        return body
    function = getattr(found, "function", found)
    if not callable(function):
        raise NotImportable(task, reference, "there is nothing to call under that name")
    return Body(name=task, call=function, prepare=partial(_converted, function) if order.converts else None)


def _converted(function: Any, values: Mapping[str, Json]) -> dict[str, Any]:
    """Return the arguments as the type hints of `function` want them."""
    hints = typing.get_type_hints(function)
    return {name: _as(hints.get(name, Any), value) for name, value in values.items()}


def _as(hint: Any, value: Json) -> Any:
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError:
        raise
    except TypeError:  # a type that msgspec does not know: the function gets what JSON says
        return value
