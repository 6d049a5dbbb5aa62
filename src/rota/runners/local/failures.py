"""Errors as they are stored: bounded, readable, and safe whatever the exception does."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from rota.core.records import Failure
from rota.runners.local.text import clean

MAX_MESSAGE = 10 * 1024
MAX_TRACEBACK = 50 * 1024
MAX_CHAIN = 10
FIRST_FRAMES, LAST_FRAMES = 10, 30
# What stands between a worker and a body: the runners, and the integration of a framework.
OWN_FILES = (str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "integrations"))


def failure_of(error: BaseException) -> Failure:
    """Return the record of `error`. It never raises, and holds no local variables."""
    kinds = type(error).__mro__[:-1]  # without `object`
    names = [name for kind in kinds for name in (kind.__name__, f"{kind.__module__}.{kind.__qualname__}")]
    return Failure(
        kind=kind_of(error),
        message=message_of(error),
        traceback=traceback_of(error),
        names=tuple(dict.fromkeys(clean(name, 300) for name in names)),
    )


def kind_of(error: BaseException) -> str:
    """Return the dotted name of its class; a builtin has none before its dot."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return clean(name, 300)


def message_of(error: BaseException, limit: int = MAX_MESSAGE) -> str:
    """Return what `error` says, or that it can not say it."""
    try:
        return clean(str(error), limit)
    except BaseException as problem:  # its own code runs here: anything may come
        return f"(its message can not be shown: str() raised {type(problem).__name__})"


def traceback_of(error: BaseException) -> str:
    """Return the traceback of `error` and of what caused it, oldest first, without the runner's frames."""
    try:
        text = "\n".join(_blocks(error))
    except BaseException as problem:  # a source file that vanished, an odd `__cause__`
        return f"(the traceback can not be shown: {type(problem).__name__})"
    if len(text) > MAX_TRACEBACK:
        half = MAX_TRACEBACK // 2
        text = f"{text[:half]}\n... (cut) ...\n{text[-half:]}"
    return clean(text, MAX_TRACEBACK + 100)


def _blocks(error: BaseException) -> Iterator[str]:
    chain = _chain(error)
    for index, (one, link) in enumerate(reversed(chain)):
        notes = [clean(str(note), 1000) for note in list(getattr(one, "__notes__", ()))[:10]]
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        lines = [*_frames(one.__traceback__), f"{kind_of(one)}: {message_of(one, 1000)}\n"]
        lines += [f"{note}\n" for note in notes]
        lines += [f"  with {kind_of(part)}: {message_of(part, 1000)}\n" for part in inner[:10]]
        yield "".join(lines) + (f"\n{link}:\n" if index < len(chain) - 1 else "")


def _chain(error: BaseException) -> list[tuple[BaseException, str]]:
    """Return `error` and what led to it, newest first, each with how it led to the one before it."""
    chain: list[tuple[BaseException, str]] = []
    one: BaseException | None = error
    link = ""
    while one is not None and len(chain) < MAX_CHAIN and all(one is not seen for seen, _ in chain):
        chain.append((one, link))
        if one.__cause__ is not None:
            one, link = one.__cause__, "It was the direct cause of this"
        elif one.__suppress_context__:
            one = None
        else:
            one, link = one.__context__, "While it was handled, this occurred"
    return chain


def _frames(trace: TracebackType | None) -> list[str]:
    steps = list(traceback.walk_tb(trace))
    while steps and _is_own(steps[0][0]):
        del steps[0]
    if not steps:
        return []
    left_out = len(steps) - FIRST_FRAMES - LAST_FRAMES
    if left_out <= 0:
        shown = _formatted(steps)
    else:
        cut = [f"  ... {left_out} frames left out ...\n"]
        shown = [*_formatted(steps[:FIRST_FRAMES]), *cut, *_formatted(steps[-LAST_FRAMES:])]
    return ["Traceback (most recent call last):\n", *shown]


def _formatted(steps: list[tuple[FrameType, int]]) -> list[str]:
    return traceback.StackSummary.extract(iter(steps)).format()


def _is_own(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(OWN_FILES)
