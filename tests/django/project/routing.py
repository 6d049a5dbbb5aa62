"""Which database the models of the project are in: its own, or the one of the test that is running."""

from __future__ import annotations

from typing import Any


class OneDatabase:
    """A router that sends all models to one alias.

    Attributes:
        alias: `None`: as Django does without a router.
    """

    alias: str | None = None

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return OneDatabase.alias

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return OneDatabase.alias
