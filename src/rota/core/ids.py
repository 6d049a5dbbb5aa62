"""Ids that every node computes alike, and ids that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_LAST_48_BITS = (1 << 48) - 1
_VARIANT = 0b10 << 62


def to_us(instant: datetime) -> int:
    """Return `instant` in microseconds since 1970-01-01T00:00:00Z."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(value: int) -> datetime:
    """Return the instant (UTC) that is `value` microseconds after 1970-01-01T00:00:00Z."""
    return EPOCH + timedelta(microseconds=value)


def occurrence_id(schedule_id: str, due: datetime) -> str:
    """Return the id of the run of one occurrence: a UUIDv8 (RFC 9562).

    Its first 48 bits are the due time in milliseconds, so that ids sort by time; the rest is a hash
    of the schedule's id and the due time. Every scheduler, store and outside trigger computes the same.
    """
    due_us = to_us(due)
    return _hashed(due_us, f"occurrence\0{schedule_id}\0{due_us}")


def record_id(schedule_id: str, due: datetime, kind: str) -> str:
    """Return the id of the record that the gap which ends with the occurrence at `due` was `kind`.

    It differs from the occurrence's id, so that an operator may still run the occurrence later.
    """
    due_us = to_us(due)
    return _hashed(due_us, f"{kind}\0{schedule_id}\0{due_us}")


def keyed_id(rota: str, key: str) -> str:
    """Return the id of the run that a caller's idempotency key stands for, in one rota: a UUIDv8."""
    return _hashed(0, f"key\0{rota}\0{key}")


def schedule_id(rota: str, name: str, created_at: datetime) -> str:
    """Return the id of a schedule: a UUIDv8 that sorts by creation, kept through renames."""
    created_us = to_us(created_at)
    return _hashed(created_us, f"schedule\0{rota}\0{name}\0{created_us}")


def time_id(now: datetime, random_bits: int) -> str:
    """Return a UUIDv7 (RFC 9562) made of the time in milliseconds and 74 of `random_bits`."""
    high = (_milliseconds(to_us(now)) << 16) | (7 << 12) | (random_bits >> 62 & 0xFFF)
    return _text((high << 64) | _VARIANT | (random_bits & (1 << 62) - 1))


def time_ids(now: datetime, random_bits: int, count: int) -> list[str]:
    """Return `count` UUIDv7 that are alike but for a counter: they differ, and sort in this order.

    The counter begins where the last 62 of 74 `random_bits` say, and never reaches the others (RFC 9562,
    section 6.2, method 2).
    """
    first = min(random_bits & (1 << 62) - 1, (1 << 62) - count)
    head = time_id(now, random_bits)[:19]
    texts = [f"{_VARIANT | number:016x}" for number in range(first, first + count)]
    return [f"{head}{text[:4]}-{text[4:]}" for text in texts]


def spread(schedule_id: str, due: datetime, width: timedelta) -> timedelta:
    """Return a part of `width`, in whole milliseconds, that is the same for the same occurrence."""
    steps = width // timedelta(milliseconds=1)
    if steps <= 0:
        return timedelta(0)
    digest = blake2b(f"jitter\0{schedule_id}\0{to_us(due)}".encode(), digest_size=8).digest()
    return timedelta(milliseconds=int.from_bytes(digest, "big") % (steps + 1))


def _hashed(instant_us: int, text: str) -> str:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    rest = int.from_bytes(digest, "big")
    high = (_milliseconds(instant_us) << 16) | (8 << 12) | (rest >> 62 & 0xFFF)
    return _text((high << 64) | _VARIANT | (rest & (1 << 62) - 1))


def _milliseconds(instant_us: int) -> int:
    # Before 1970 there is nothing to sort: the hash alone tells such ids apart.
    return max(instant_us // 1000, 0) & _LAST_48_BITS


def _text(value: int) -> str:
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
