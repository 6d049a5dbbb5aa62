"""How much memory this process holds, and a bound to it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _pages() -> tuple[int, int]:
    """Return the size of the address space and of what is resident, in pages."""
    try:
        size, resident, *_ = Path("/proc/self/statm").read_text().split()
    except OSError:  # not Linux
        return 0, 0
    return int(size), int(resident)


def held_memory() -> int:
    """Return how many bytes of memory this process holds; 0 where that is not known."""
    return _pages()[1] * resource.getpagesize()


@contextmanager
def memory_limit(limit: int | None) -> Iterator[None]:
    """Let this process take `limit` bytes more than it holds now; beyond, Python raises `MemoryError`.

    The bound is on the address space. What is reserved before the body begins (thread stacks, arenas,
    mapped libraries: hundreds of megabytes that are never touched) does not count.
    """
    if limit is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _pages()[0] * resource.getpagesize() + limit
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
