"""Who is calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.wrappers import Request

from rota.operations.actor import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody whom the face, or its host, has recognised.

    Attributes:
        name: As shown in the audit.
        role: What they may do.
        session: Id of the session that the browser's cookie names; `None` for whoever carries a token, or is
            known to the host.
        csrf: What an unsafe request of this session has to repeat. `None`: no cookie of ours speaks for it.
        user: Who answers for what they make, such as tokens: those go when this user does. Default: the name.
    """

    name: str
    role: Role
    session: str | None = None
    csrf: str | None = None
    user: str | None = None

    @property
    def owner(self) -> str:
        return self.user or self.name


# How a host application says who is calling: `None` for nobody.
Identify = Callable[[Request], Identity | None]
# What a user of the host application may do now, by name: `None` for nothing. Tokens of theirs do no more.
Standing = Callable[[str], Role | None]
