"""What passes between the node and a child process: one JSON value a line, each way."""

from __future__ import annotations

import os

import msgspec

from rota.core.records import Claimed
from rota.runners.local.outbox import Ending

FLAG, CANCEL, LIMIT = "flag", "cancel", "limit"


class Order(msgspec.Struct, frozen=True, tag="order"):
    """Down: execute this. `number` tells the orders of one child apart."""

    number: int
    run: Claimed
    reference: str
    wants_context: str | None
    converts: bool
    memory_limit: int | None


class Interrupt(msgspec.Struct, frozen=True, tag="interrupt"):
    """Down: ask an order to end. `how`: set its flag, raise `RunCancelled`, or `TimeLimitExceeded`."""

    number: int
    how: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """Up: the function is imported, and is called now."""


class Line(msgspec.Struct, frozen=True, tag="line"):
    """Up: a line for the log."""

    level: str
    message: str


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Up: how far it is."""

    done: float
    total: float | None
    note: str | None


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Up: how it ended. `memory`: what the process holds now, in bytes."""

    ending: Ending
    noticed: bool
    exhausted: bool
    memory: int


Up = Begun | Line | Progress | Ended
Down = Order | Interrupt
_encoder = msgspec.json.Encoder()
up_decoder = msgspec.json.Decoder(Up)
down_decoder = msgspec.json.Decoder(Down)


def line_of(message: Up | Down) -> bytes:
    return _encoder.encode(message) + b"\n"


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`, whatever the size of the pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
