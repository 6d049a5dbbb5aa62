"""Those who sign in to the web face, and what they carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who signs in with a password.

    Attributes:
        name: Unique in its rota.
        role: `viewer`, `operator` or `admin`.
        password: Its hash, as argon2 writes it.
    """

    name: str
    role: str
    password: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a program, or the browser of somebody who has signed in, shows in the place of a password.

    Attributes:
        id: Names it without being secret.
        kind: `api`, `session`, or `feed`: the link of a calendar.
        user: In whose name it acts.
        role: At most this role; a session has that of its user.
        label: What it is for, in words.
        digest: SHA-256 of the secret, in hexadecimal. The secret itself is stored nowhere.
        expires_at: `None`: never.
        used_at: When it was last seen, to about a minute.
    """

    id: str
    kind: str
    user: str
    role: str
    label: str
    digest: str
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
