"""The arguments of a task of Django's: positional ones stay positional, and nothing is converted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rota.declare.arguments import Arguments, readable_hints
from rota.errors import InvalidArguments

POSITIONAL = "*"  # holds them among the stored arguments; no parameter can have this name
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class TaskArguments(Arguments):
    """See `Arguments`. The types of parameters are for forms: Django holds nobody to them.

    Attributes:
        whole: The signature, with all that can not be given by name.
    """

    whole: inspect.Signature

    @classmethod
    def of_function(cls, task: str, function: Callable[..., Any], *, takes_context: bool) -> TaskArguments:
        """Read the signature of `function`; its first parameter is none of ours if it takes the context."""
        signature = inspect.signature(function)
        given = list(signature.parameters.values())[1 if takes_context else 0 :]
        kept = [one for one in given if one.kind in NAMED]
        hints = readable_hints(function)
        return cls(
            task=task,
            signature=signature.replace(parameters=kept),
            hints={one.name: hints.get(one.name, Any) for one in kept},
            accepts_more=any(one.kind is inspect.Parameter.VAR_KEYWORD for one in given),
            context=None,
            is_plain=True,
            required=frozenset(one.name for one in kept if one.default is inspect.Parameter.empty),
            whole=signature.replace(parameters=given),
        )

    def to_json(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as JSON values, the positional ones under `*`. Raises `InvalidArguments`."""
        return super().to_json((), {POSITIONAL: list(positional), **named} if positional else named)

    def _bound(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        places, names = parted(named)
        try:
            self.whole.bind(*places, **names)
        except TypeError as error:
            raise InvalidArguments(self.task, "arguments", dict(named), str(error)) from error
        return dict(named)

    def _typed(self, name: str, value: Any) -> Any:
        return value


def parted(stored: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of what is stored."""
    return list(stored.get(POSITIONAL, ())), {
        name: value for name, value in stored.items() if name != POSITIONAL
    }
