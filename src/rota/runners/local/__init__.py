"""The local runner: runs are executed by this node, in threads, on an event loop or in processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rota.runners.local.runner import LocalRunner

__all__ = ["LocalRunner"]


def __getattr__(name: str) -> Any:
    # Lazily: `import rota` needs `RunContext` from here, and not asyncio and ctypes.
    if name == "LocalRunner":
        from rota.runners.local.runner import LocalRunner

        return LocalRunner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
