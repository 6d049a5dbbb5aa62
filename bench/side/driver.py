"""Do one thing with a contender, in its own environment: `python -m driver FUNCTION [ARGUMENT ...]`.

The function is one of its module `peer`, or one of those below. What it returns is printed as JSON, on the
last line.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


def fill(peer: Any, count: int) -> None:
    """Enqueue so many runs, by the fastest way there is."""
    peer.reset()
    getattr(peer, "put_many", peer.put)(list(range(count)))


def rates(peer: Any, way: str, count: int, rounds: int) -> list[float] | None:
    """Return how many runs are enqueued per second, by `put` or `put_many`; `None` without such a way."""
    put: Callable[[Any], None] | None = getattr(peer, way, None)
    if put is None:
        return None
    found = []
    for _ in range(rounds):
        peer.reset()
        values = list(range(count))
        began = time.perf_counter()
        put(values)
        found.append(count / (time.perf_counter() - began))
    return found


def steadily(peer: Any, rate: int, seconds: int) -> None:
    """Enqueue `rate` runs per second, each with the instant at which it is."""
    peer.put(paced(rate, seconds))


def paced(rate: int, seconds: int) -> Iterator[float]:
    begin = time.time() + 0.05
    for number in range(rate * seconds):
        time.sleep(max(0.0, begin + number / rate - time.time()))
        yield time.time()


def chunks(values: Any, size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while part := list(itertools.islice(rest, size)):
        yield part


OURS = {"fill": fill, "rates": rates, "steadily": steadily}


def main() -> None:
    import peer

    name, *words = sys.argv[1:]
    arguments = [int(word) if word.isdecimal() else word for word in words]
    result = OURS[name](peer, *arguments) if name in OURS else getattr(peer, name)(*arguments)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
