"""The pictures of the pages are there, in both themes, and small."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from docs.pictures.make import LARGEST
from docs.pictures.png import SIGNATURE, smaller

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"')


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def chunks(picture):
    found, at = {}, len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        found[picture[at + 4 : at + 8]] = picture[at + 8 : at + 8 + length]
        at += length + 12
    return found


def written(rows):
    """Return a PNG of 8-bit RGB whose rows are filtered in each of the five ways in turn (PNG, section 9)."""
    above, data = bytes(len(rows[0]) * 3), b""
    for number, row in enumerate(rows):
        plain, how = bytes(value for colour in row for value in colour), number % 5
        line = bytearray()
        for at, value in enumerate(plain):
            left, corner = (plain[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            guess = left + above[at] - corner
            paeth = min((left, above[at], corner), key=lambda one: abs(guess - one))
            line.append((value - (0, left, above[at], (left + above[at]) // 2, paeth)[how]) & 255)
        data += bytes([how]) + line
        above = plain
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def shown(picture):
    """Return the rows of a PNG with a palette, unfiltered."""
    parts = chunks(picture)
    width, height, depth, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, kind) == (8, 3)
    palette = list(zip(*[iter(parts[b"PLTE"])] * 3, strict=True))
    data = zlib.decompress(parts[b"IDAT"])
    rows = [data[start : start + width + 1] for start in range(0, len(data), width + 1)]
    assert len(rows) == height
    return [[palette[place] for place in row[1:]] for row in rows]


def test_a_picture_of_few_colours_stays_as_it_is():
    rows = [[(x * 9 % 256, y * 31 % 256, 7) for x in range(12)] for y in range(11)]
    assert shown(smaller(written(rows))) == rows


def test_of_many_colours_the_common_and_the_singular_stay():
    greys = [[(one, one, one) for one in range(row, row + 250)] for row in range(6)]
    blues = [[(0, 0, one) for one in range(250)]]
    rows = [*greys, *blues, [(255, 0, 0), *[(255, 255, 255)] * 249]]
    found = shown(smaller(written(rows)))
    assert found[-1] == rows[-1]
    assert all(
        max(abs(one - other) for one, other in zip(colour, new, strict=True)) <= 4
        for row, new_row in zip(rows, found, strict=True)
        for colour, new in zip(row, new_row, strict=True)
    )


def test_another_kind_of_png_is_refused():
    with pytest.raises(ValueError, match="kind 3"):
        smaller(smaller(written([[(1, 2, 3)]])))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pictures_of_a_page_are_there_in_both_themes_and_small(page):
    for name in PICTURE.findall(page.read_text("utf-8")):
        picture = page.parent / name
        assert picture.stat().st_size <= LARGEST
        assert (picture.parent / picture.name.replace("-light.", "-dark.")).exists()
