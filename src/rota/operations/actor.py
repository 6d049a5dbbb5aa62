"""Who asks for an operation, and may they."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from rota.core.records import AuditLine
from rota.errors import NotPermitted


class Role(IntEnum):
    """What an actor may do: each role includes the ones below it."""

    VIEWER = 1  # reads
    OPERATOR = 2  # pauses, triggers, overrides, cancels, retries
    ADMIN = 3  # also syncs, deletes, purges, manages users


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        name: As shown in the audit.
        role: What they may do.
        via: The face they came through: `cli`, `api`, `ui`, `django`, `code`.
    """

    name: str
    role: Role = Role.ADMIN
    via: str = "code"

    def require(self, role: Role, action: str) -> None:
        """Raise `NotPermitted` unless this actor has at least `role`."""
        if self.role < role:
            raise NotPermitted(self.name, action, role.name.lower())

    def line(
        self,
        rota: str,
        at: datetime,
        action: str,
        subject: str,
        reason: str = "",
        before: Any = None,
        after: Any = None,
    ) -> AuditLine:
        """Return the audit line of an operation of this actor's."""
        return AuditLine(
            at=at,
            rota=rota,
            actor=self.name,
            via=self.via,
            action=action,
            subject=subject,
            reason=reason,
            before=before,
            after=after,
        )


def shell_user() -> Actor:
    """Return the user of this process, who may do everything: they can read the store's password anyway."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user id without a name
        name = "unknown"
    return Actor(name, Role.ADMIN, "cli")
