"""Those who sign in to the web face: users, their passwords, and tokens for programs."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rota.core.records import Token, User
from rota.declare.limits import checked_name
from rota.errors import InvalidValue, MissingExtra, UnknownToken, UnknownUser, WrongPassword
from rota.operations.actor import Actor, Role
from rota.operations.shapes import utc

if TYPE_CHECKING:
    from rota.app import Rota

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1000
SECRET_BYTES = 32
PREFIX = "rota_"  # so that scanners for leaked secrets know one when they see it
FEED_LIFE = timedelta(days=365)
USED_TO = timedelta(minutes=1)  # how exactly the last use of a token is kept


def role_named(text: str) -> Role:
    """Return a role by its name. Raises `InvalidValue`."""
    try:
        return Role[text.strip().upper()]
    except KeyError:
        names = ", ".join(role.name.lower() for role in Role)
        raise InvalidValue("role", text, f"choose one of {names}") from None


def users(rota: Rota, actor: Actor) -> list[User]:
    """Return those who sign in, by name. It takes the role `admin`."""
    actor.require(Role.ADMIN, "list users")
    return rota.store.users(rota.name)


def put_user(rota: Rota, name: str, role: str, password: str, actor: Actor) -> User:
    """Let somebody sign in, or give them another role or password; they are signed out everywhere.

    Raises:
        InvalidValue: The password is too short or too long, or the name or role can not be used.
        NotPermitted: It takes the role `admin`.
    """
    actor.require(Role.ADMIN, "put user")
    checked_name("user", name)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        wanted = f"it must have from {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        raise InvalidValue("password", f"{len(password)} characters", wanted)
    now = rota.clock.now()
    user = User(
        name=name, role=role_named(role).name.lower(), password=_hasher().hash(password), created_at=now
    )
    line = actor.line(rota.name, now, "put user", name, after={"role": user.role})
    rota.store.put_user(rota.name, user, [line])
    return user


def drop_user(rota: Rota, name: str, actor: Actor) -> None:
    """Delete a user, with all tokens. Raises `UnknownUser`, `NotPermitted`."""
    actor.require(Role.ADMIN, "drop user")
    line = actor.line(rota.name, rota.clock.now(), "drop user", name)
    if not rota.store.drop_user(rota.name, name, [line]):
        raise UnknownUser(name, [user.name for user in rota.store.users(rota.name)])


def sign_in(rota: Rota, name: str, password: str, via: str) -> tuple[str, Token]:
    """Return the secret of a new session, and what is stored of it.

    As long as for a wrong password it takes for a name that does not exist.

    Raises:
        WrongPassword: The name or the password is wrong.
    """
    user = next((one for one in rota.store.users(rota.name) if one.name == name), None)
    known = user.password if user is not None else _nobody()
    if not _matches(known, password) or user is None:
        raise WrongPassword
    return open_session(rota, user.name, role_named(user.role), via)


def open_session(rota: Rota, name: str, role: Role, via: str) -> tuple[str, Token]:
    """Return the secret of a new session of somebody who is known, and what is stored of it."""
    now = rota.clock.now()
    secret, token = _new("session", name, role, "", now, now + rota.settings.session)
    line = Actor(name, role, via).line(rota.name, now, "sign in", name)
    rota.store.add_token(rota.name, token, [line])
    return secret, token


def create_token(
    rota: Rota,
    label: str,
    role: str,
    actor: Actor,
    expires: timedelta | None = None,
    *,
    owner: str | None = None,
) -> tuple[str, Token]:
    """Return the secret of a new token for a program, which is shown this once, and what is stored of it.

    Args:
        owner: The user it goes with when that user is deleted; default: the actor.

    Raises:
        InvalidValue: The label or role can not be used, or it would have run out already.
        NotPermitted: It takes the role `admin`.
    """
    actor.require(Role.ADMIN, "create token")
    checked_name("label", label)
    if expires is not None and expires <= timedelta(0):
        raise InvalidValue("expires", expires, "it must be longer than nothing")
    now = rota.clock.now()
    until = None if expires is None else _later(now, expires)
    secret, token = _new("api", owner or actor.name, role_named(role), label, now, until)
    after = {"label": label, "role": token.role, "expires_at": until and until.isoformat()}
    rota.store.add_token(
        rota.name, token, [actor.line(rota.name, now, "create token", token.id, after=after)]
    )
    return secret, token


def create_feed(rota: Rota, actor: Actor, *, owner: str | None = None) -> tuple[str, Token]:
    """Return the secret of a link to the calendar feed, and what is stored of it. The one before ends.

    It opens the feed and nothing else: calendar programs send it in the address, where others may read it.

    Args:
        owner: The user it goes with when that user is deleted; default: the actor.

    Raises:
        NotPermitted: It takes the role `viewer`.
    """
    actor.require(Role.VIEWER, "create feed")
    owner, now = owner or actor.name, rota.clock.now()
    drop_feed(rota, actor, owner=owner)
    secret, token = _new("feed", owner, Role.VIEWER, "calendar feed", now, now + FEED_LIFE)
    line = actor.line(rota.name, now, "create feed", token.id, after={"expires_at": utc(now + FEED_LIFE)})
    rota.store.add_token(rota.name, token, [line])
    return secret, token


def drop_feed(rota: Rota, actor: Actor, *, owner: str | None = None) -> int:
    """End the link to the calendar feed of a user; return how many there were. See `create_feed`."""
    actor.require(Role.VIEWER, "drop feed")
    ended = feeds_of(rota, owner or actor.name)
    for token in ended:
        line = actor.line(rota.name, rota.clock.now(), "drop feed", token.id)
        rota.store.drop_token(rota.name, token.id, [line])
    return len(ended)


def feeds_of(rota: Rota, owner: str) -> list[Token]:
    """Return the links to the calendar feed that a user has: one at most, unless two were made at once."""
    return [one for one in rota.store.tokens(rota.name) if one.kind == "feed" and one.user == owner]


def tokens(rota: Rota, actor: Actor) -> list[Token]:
    """Return the tokens of programs and the links to feeds, the newest first. It takes the role `admin`."""
    actor.require(Role.ADMIN, "list tokens")
    return [one for one in rota.store.tokens(rota.name) if one.kind in ("api", "feed")]


def revoke_token(rota: Rota, token_id: str, actor: Actor) -> None:
    """Delete a token: its bearer is refused from now on. Raises `UnknownToken`, `NotPermitted`."""
    actor.require(Role.ADMIN, "revoke token")
    line = actor.line(rota.name, rota.clock.now(), "revoke token", token_id)
    if not rota.store.drop_token(rota.name, token_id, [line]):
        raise UnknownToken(token_id, [one.id for one in rota.store.tokens(rota.name)])


def sign_out(rota: Rota, token_id: str) -> None:
    """End a session."""
    rota.store.drop_token(rota.name, token_id)


def bearer(rota: Rota, secret: str) -> Token | None:
    """Return the token that `secret` is the secret of, if it has not run out. Its use is noted."""
    digest = sha256(secret.encode("utf-8", "replace")).hexdigest()
    # Found by its hash: comparing takes no longer for one that is nearly right.
    token, now = rota.store.token(rota.name, digest), rota.clock.now()
    if token is None or (token.expires_at is not None and token.expires_at <= now):
        return None
    if token.used_at is None or now - token.used_at > USED_TO:
        rota.store.use_token(token.id, now)
        return replace(token, used_at=now)
    return token


def _later(now: datetime, span: timedelta) -> datetime:
    try:
        return now + span
    except OverflowError:
        raise InvalidValue("expires", span, "it is too long") from None


def _new(
    kind: str, user: str, role: Role, label: str, now: datetime, until: datetime | None
) -> tuple[str, Token]:
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        id=secrets.token_hex(8),
        kind=kind,
        user=user,
        role=role.name.lower(),
        label=label,
        digest=sha256(secret.encode()).hexdigest(),
        created_at=now,
        expires_at=until,
    )
    return secret, token


@cache
def _hasher() -> Any:
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise MissingExtra("signing in with a password", "web", str(error)) from error
    return PasswordHasher()


@cache
def _nobody() -> str:
    """Return the hash of a password that nobody has."""
    return str(_hasher().hash(secrets.token_urlsafe()))


def _matches(known: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return bool(_hasher().verify(known, password[:LONGEST_PASSWORD]))
    except (VerificationError, InvalidHashError):
        return False
