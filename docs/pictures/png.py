"""Make a screenshot small: at most 256 colours, each pixel one byte. Pure.

A page has few colours; the many between them are edges of letters, which nobody tells from their neighbours.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EXACT, MOST = 160, 256  # colours that stay as they are, and all
Colour = tuple[int, int, int]


def smaller(picture: bytes) -> bytes:
    """Return a PNG of 8-bit RGB, as a browser takes it, with a palette.

    Raises:
        ValueError: It is another kind of PNG.
    """
    chunks = list(_chunks(picture))
    width, height, depth, kind, *_, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if (depth, kind, interlaced) != (8, 2, 0):
        raise ValueError(f"depth {depth}, kind {kind}, interlaced {interlaced}: it must be 8-bit RGB, plain")
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    rows = [list(zip(row[0::3], row[1::3], row[2::3], strict=True)) for row in _unfiltered(data, width * 3)]
    palette, places = _palette(Counter(colour for row in rows for colour in row))
    body = b"".join(b"\0" + bytes(places[colour] for colour in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [
        (b"IHDR", head),
        (b"PLTE", bytes(value for colour in palette for value in colour)),
        (b"IDAT", zlib.compress(body, 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_written(name, part) for name, part in parts)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += length + 12


def _written(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(data: bytes, width: int) -> Iterator[bytes]:
    """Yield the rows of 3-byte pixels (PNG, section 9)."""
    above = bytearray(width)
    for start in range(0, len(data), width + 1):
        how, row = data[start], bytearray(data[start + 1 : start + 1 + width])
        for at in range(width):
            left = row[at - 3] if at >= 3 else 0
            if how == 1:
                row[at] = (row[at] + left) & 255
            elif how == 2:
                row[at] = (row[at] + above[at]) & 255
            elif how == 3:
                row[at] = (row[at] + (left + above[at]) // 2) & 255
            elif how == 4:
                row[at] = (row[at] + _paeth(left, above[at], above[at - 3] if at >= 3 else 0)) & 255
        yield bytes(row)
        above = row


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _palette(counts: Counter[Colour]) -> tuple[list[Colour], dict[Colour, int]]:
    """Return the colours that are kept, and the place of each colour's nearest among them.

    Kept are the most common, and then, again and again, the one that is farthest from all that are kept: so a
    single red word stays red.
    """
    kept: list[Colour] = []
    nearest: dict[Colour, tuple[int, int]] = {}  # distance and place
    common = (colour for colour, _ in counts.most_common(EXACT))
    while len(kept) < min(MOST, len(counts)):
        place, new = len(kept), next(common, None) or max(nearest, key=nearest.__getitem__)
        kept.append(new)
        for colour in counts:
            distance = _distance(colour, new)
            if place == 0 or distance < nearest[colour][0]:
                nearest[colour] = distance, place
    return kept, {colour: place for colour, (_, place) in nearest.items()}


def _distance(one: Colour, other: Colour) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
