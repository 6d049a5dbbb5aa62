from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.runners.harness import Harness


@pytest.fixture
def make() -> Iterator[Callable[..., Harness]]:
    made: list[Harness] = []

    def one(slots: int = 4, **options: Any) -> Harness:
        made.append(Harness(slots, **{"kill_grace": timedelta(seconds=5), **options}))
        return made[-1]

    yield one
    for harness in made:
        harness.stop()


@pytest.fixture
def harness(make: Callable[..., Harness]) -> Harness:
    return make()
