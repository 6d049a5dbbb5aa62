"""What an action did, told on the next page: it travels in a cookie that is read once.

It holds words, and what an undo would act on by name; of addresses only paths of ours.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Literal

import msgspec
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Request, Response

from rota.operations.results import Result
from rota.web.call import Call

NAME = "rota_told"
LIFE_SECONDS = 60
LONGEST, MOST_LINES = 400, 5  # characters of a text, and lines
MOST_BYTES = 2400  # of all: a browser keeps 4 KB
Kind = Literal["good", "warn", "bad"]


class Told(msgspec.Struct, frozen=True):
    """A result.

    Attributes:
        lines: What became of single subjects.
        href, label: Of a link; a path of ours.
        undo: An action on many schedules that takes it back: `resume`, `reset`.
        names: The schedules that an undo is for.
        run: Id of the run that was made.
    """

    text: str
    kind: Kind = "good"
    lines: tuple[str, ...] = ()
    href: str = ""
    label: str = ""
    undo: str | None = None
    names: tuple[str, ...] = ()
    run: str | None = None


def tell(
    call: Call,
    to: str,
    text: str,
    kind: Kind = "good",
    *,
    lines: Sequence[str] = (),
    href: str = "",
    label: str = "",
    undo: str | None = None,
    names: Sequence[str] = (),
    run: str | None = None,
) -> Response:
    """Send the browser to the page `to`, which says `text`. An undo for too many names is left out."""
    short = tuple(_short(one) for one in lines[:MOST_LINES])
    told = Told(_short(text), kind, short, href, label, undo, tuple(names), run)
    data = msgspec.json.encode(told)
    if len(data) > MOST_BYTES:
        data = msgspec.json.encode(Told(told.text[:200], kind, run=run))
    response = Response("", 303, {"Location": to})
    response.headers.add("Set-Cookie", _cookie(call.request, urlsafe_b64encode(data).decode()))
    return response


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def taken(call: Call) -> Told | None:
    """Return what is to be told, once. A poll of a live page leaves it to the page."""
    value = call.request.cookies.get(NAME)
    if not value or "X-Rota-Live" in call.request.headers:
        return None
    call.headers["Set-Cookie"] = _cookie(call.request, "", 0)
    try:
        told = msgspec.json.decode(urlsafe_b64decode(value), type=Told)
    except (ValueError, msgspec.MsgspecError):  # nothing that we have said
        return None
    is_ours = told.href.startswith("/") and not told.href.startswith("//")
    return told if is_ours or not told.href else None


def _cookie(request: Request, value: str, age: int = LIFE_SECONDS) -> str:
    return dump_cookie(
        NAME, value, max_age=age, path=request.root_path or "/", secure=request.is_secure,
        httponly=True, samesite="Lax",
    )  # fmt: skip


def summary(result: Result, done: str) -> tuple[str, Kind, tuple[str, ...]]:
    """Put a result in words: `3 runs are retried; 1 was left alone.`"""
    changed = [one for one in result.effects if one.done]
    left = [one for one in result.effects if not one.done]
    text = f"{len(changed):,} {'run' if len(changed) == 1 else 'runs'} {done}"
    text += f"; {len(left):,} left alone." if left else "."
    return text, "warn" if left else "good", tuple(f"{one.subject[-12:]}: {one.detail}" for one in left)
