"""Check a task's arguments against its signature and type hints, when declared and when enqueued."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from rota.declare.limits import checked_payload
from rota.errors import InvalidArguments, InvalidValue

GLANCE = 10_000  # characters of text; far below what the store holds
PLAIN = (str, int, float, bool, Any)  # JSON gives these back as they were


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parameters of one task.

    Attributes:
        task: Name of the task, for errors.
        signature: Without the parameter that takes the run context.
        hints: Type of each parameter; `Any` where none is given.
        accepts_more: It takes `**keywords`.
        context: Name of the parameter that takes the run context.
        is_plain: JSON gives every argument back as the function wants it.
        required: Names of those without a default.
    """

    task: str
    signature: inspect.Signature
    hints: Mapping[str, Any]
    accepts_more: bool
    context: str | None
    is_plain: bool
    required: frozenset[str]

    @classmethod
    def of(cls, task: str, function: Callable[..., Any], context_type: type) -> Arguments:
        """Read the signature of `function`.

        Raises:
            InvalidValue: A parameter can not be given by name.
        """
        signature = inspect.signature(function)
        hints = readable_hints(function)
        context, kept, more = None, [], False
        for one in signature.parameters.values():
            if one.kind is inspect.Parameter.VAR_KEYWORD:
                more = True
            elif one.kind is inspect.Parameter.VAR_POSITIONAL:
                continue
            elif hints.get(one.name) is context_type:
                context = one.name
            elif one.kind is inspect.Parameter.POSITIONAL_ONLY:
                raise InvalidValue(
                    "parameter", one.name, f"task {task!r} can not get it by name; remove the '/'"
                )
            else:
                kept.append(one)
        types = {one.name: hints.get(one.name, Any) for one in kept}
        plain = all(kind in PLAIN for kind in types.values())
        required = frozenset(one.name for one in kept if one.default is inspect.Parameter.empty)
        return cls(task, signature.replace(parameters=kept), types, more, context, plain, required)

    def to_json(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as JSON values, checked.

        Raises:
            InvalidArguments: One is missing, unknown, of the wrong type, or more than the store shall hold.
        """
        if not positional and self._fits(named):
            return dict(named)
        given = self._bound(positional, named)
        values = {name: self._plain(name, value) for name, value in given.items()}
        for name, value in values.items():
            self._typed(name, value)
        try:
            checked_payload("arguments", values)
        except InvalidValue as error:
            raise InvalidArguments(self.task, error.field, error.value, error.expected) from error
        return values

    def _fits(self, named: Mapping[str, Any]) -> bool:
        """Say whether the arguments are seen at a glance to be in order, as nearly all are."""
        hints, size = self.hints, 0
        for name, value in named.items():
            kind = type(value)
            if hints.get(name) is not kind:
                return False
            if kind is str and value.isascii():
                size += len(value)
            elif kind is not int and kind is not bool:
                return False
        return size < GLANCE and self.required <= named.keys()

    def from_json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored arguments as the function wants them. Raises `InvalidArguments`."""
        self._bound((), values)
        return {name: self._typed(name, value) for name, value in values.items()}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments."""
        properties = {name: self._schema_of(one) for name, one in self.signature.parameters.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in self.required],
            "additionalProperties": self.accepts_more,
        }

    def _schema_of(self, parameter: inspect.Parameter) -> dict[str, Any]:
        import msgspec  # here and below: on first use, `import rota` does without it

        try:
            schema = dict(msgspec.json.schema(self.hints[parameter.name]))
        except TypeError:  # a type that msgspec does not know: anything goes
            schema = {}
        if parameter.default is not inspect.Parameter.empty:
            schema["default"] = msgspec.to_builtins(parameter.default, enc_hook=repr)
        return schema

    def _bound(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        known = self.signature.parameters
        names = list(known)
        if len(positional) > len(names):
            raise InvalidArguments(self.task, "arguments", positional, f"it takes at most {len(names)}")
        given = dict(zip(names, positional, strict=False))
        for name, value in named.items():
            if name in given:
                raise InvalidArguments(self.task, name, value, "it is given twice")
            if name not in known and not self.accepts_more:
                close = get_close_matches(name, names, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"It takes: {', '.join(names) or 'none'}."
                raise InvalidArguments(self.task, name, value, "the task has no such argument", hint)
            given[name] = value
        for name in known:
            if name in self.required and name not in given:
                raise InvalidArguments(self.task, name, None, "it is required, and missing")
        return given

    def _plain(self, name: str, value: Any) -> Any:
        if type(value) in (str, int, bool, type(None), float):
            return value
        import msgspec

        try:
            return msgspec.to_builtins(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArguments(self.task, name, value, f"JSON can not say it ({error})") from error

    def _typed(self, name: str, value: Any) -> Any:
        hint = self.hints.get(name, Any)
        if hint is Any or type(value) is hint:
            return value
        import msgspec

        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            raise InvalidArguments(self.task, name, value, _lowered(str(error))) from error
        except TypeError:  # a type that msgspec does not know: the function gets what JSON says
            return value


def readable_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the type hints of `function`, or none if one of them can not be read."""
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        # A name that exists only for the type checker. Parameters without a readable hint take anything.
        return {}


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
