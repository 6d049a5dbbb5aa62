"""Settings: one frozen object from defaults < `pyproject.toml` < environment < what the caller gives."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rota.alerts.channels import read_addresses
from rota.alerts.digest import Kind
from rota.core.policies import Retention, duration
from rota.errors import InvalidValue

PREFIX = "ROTA_"
SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a rota works here. Every field is an environment variable too: `ROTA_STORE`, `ROTA_LEASE` ...

    Attributes:
        app: Where the rota is, as `module:attribute`.
        store: URL of the store: `sqlite:///rota.db`, `postgresql://user@host/database`.
        timezone: Zone of timetables that name none, unless the rota names one; `""`: UTC.
        concurrency: Bodies a worker runs at once. From 1 to 1000.
        queues: Queues a worker serves, separated by commas; empty: all that the rota names.
        default_retries: Retries of a task that names none. From 0 to 999.
        lease: How long a run stays a node's after its last heartbeat.
        tick_interval: The longest a node sleeps without looking into the store.
        drain_timeout: How long a node waits at the end for what is running.
        batch: The most schedules, runs or settlements in one transaction. From 1 to 10,000.
        retention: How long ended runs are kept.
        keep_runs: The last so many runs of each schedule are kept whatever their age.
        log_format: `text` or `json`.
        log_level: `debug`, `info`, `warning` or `error`.
        sync_overrides: `keep`, or `reset` to return to code at each sync.
        web_host, web_port: Where `rota web` listens.
        web_proxies: How many proxies in front are trusted to say where a request comes from. From 0 to 10.
        web_compat: Whether the web face answers the paths of older systems, too.
        session: How long a browser stays signed in.
        jwt_key: Key of bearer tokens that are signed with HS256; at least 32 characters. Empty: none.
        jwt_keys_url: Where the public keys (JWKS) of bearer tokens that are signed with RS256 are.
        jwt_audience, jwt_issuer: What a bearer token must say of itself.
        jwt_role_claim: The claim that holds the role, `viewer`, `operator` or `admin`.
        trigger_key: Key of triggers that are signed with HMAC; at least 32 characters. Empty: none.
        trigger_audience, trigger_issuer, trigger_email: What the OIDC token of a cloud trigger must say.
        trigger_keys_url: Where the public keys (JWKS) of those tokens are.
        alerts: Channels that are told what needs a person, as addresses of apprise, separated by commas or
            spaces; empty: none.
        alert_on: What is told, of `stalled`, `stopped`, `failed`, `missed`, `expired`, `recovered`.
        alert_hosts: Hosts that alerts may be sent to although they are not on the internet.
        web_url: Where people reach the admin UI, for links in alerts; empty: without links.
        sources: Where each value comes from.
    """

    app: str = ""
    store: str = "sqlite:///rota.db"
    timezone: str = ""
    concurrency: int = 10
    queues: tuple[str, ...] = ()
    default_retries: int = 0
    lease: timedelta = timedelta(seconds=15)
    tick_interval: timedelta = timedelta(seconds=5)
    drain_timeout: timedelta = timedelta(seconds=30)
    batch: int = 1000
    retention: timedelta = timedelta(days=30)
    keep_runs: int = 10
    log_format: str = "text"
    log_level: str = "info"
    sync_overrides: str = "keep"
    web_host: str = "127.0.0.1"
    web_port: int = 8765
    web_proxies: int = 0
    web_compat: bool = False
    session: timedelta = timedelta(hours=12)
    jwt_key: str = field(default="", repr=False)
    jwt_keys_url: str = ""
    jwt_audience: str = "rota"
    jwt_issuer: str = ""
    jwt_role_claim: str = "role"
    trigger_key: str = field(default="", repr=False)
    trigger_audience: str = ""
    trigger_issuer: str = "https://accounts.google.com"
    trigger_email: str = ""
    trigger_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    alerts: tuple[str, ...] = field(default=(), repr=False)
    alert_on: tuple[str, ...] = tuple(Kind)
    alert_hosts: tuple[str, ...] = ()
    web_url: str = ""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def history(self) -> Retention:
        """The retention of ended runs."""
        return Retention(self.retention, self.keep_runs)


NAMES = tuple(one.name for one in fields(Settings) if one.name != "sources")
SECRET = frozenset(one.name for one in fields(Settings) if not one.repr)  # never shown as they are


def load(
    given: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    giver: str = "the caller",
) -> Settings:
    """Return the settings that hold here.

    Args:
        given: Values that win over all others; `None` values are left out.
        environment: Variables named `ROTA_...`; others are passed over.
        folder: Where `pyproject.toml` is looked for, here and upwards; default: the current one.
        giver: Who gives `given`, for `sources` and for errors.

    Raises:
        InvalidValue: A name is unknown, or a value can not be used; says where it comes from.
    """
    values: dict[str, Any] = {}
    sources = dict.fromkeys(NAMES, "default")
    layers = [
        *_from_pyproject(folder or Path.cwd()),
        *_from_environment(environment),
        *((name, value, giver) for name, value in (given or {}).items() if value is not None),
    ]
    for name, value, source in layers:
        if name not in NAMES:
            close = get_close_matches(name, NAMES, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(NAMES)}."
            raise InvalidValue("setting", name, f"{source} sets it, but there is no such setting", hint)
        try:
            values[name] = _READ[name](name, value)
        except InvalidValue as error:
            raise InvalidValue(
                name, error.value, f"{error.expected} ({source} sets it)", error.hint
            ) from error
        sources[name] = source
    return Settings(**values, sources=sources)


def _from_pyproject(folder: Path) -> list[tuple[str, Any, str]]:
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            try:
                table = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("rota", {})
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise InvalidValue("settings", str(path), f"it is no TOML: {error}") from error
            return [(name, value, f"{path.name} [tool.rota]") for name, value in table.items()]
    return []


OTHERS = ("ROTA_FAILPOINT", "ROTA_CLOCK_OFFSET")  # read elsewhere, in tests of the system


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    return [
        (name.removeprefix(PREFIX).lower(), value, f"the environment variable {name}")
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in OTHERS
    ]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue(name, value, "it must be a text")
    return value.strip()


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        try:
            number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise InvalidValue(name, value, f"it must be a whole number from {low} to {high}")
        return number

    return read


def _span(low: timedelta) -> Callable[[str, Any], timedelta]:
    def read(name: str, value: Any) -> timedelta:
        span = duration(name, value)
        if span < low:
            raise InvalidValue(name, value, f"it must be at least {low}")
        return span

    return read


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise InvalidValue(name, value, f"choose one of {', '.join(choices)}")
        return str(value)

    return read


def _names(name: str, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(one, str) for one in parts):
        raise InvalidValue(name, value, "it must be names, separated by commas")
    return tuple(one.strip() for one in parts if one.strip())


def _some_of(*choices: str) -> Callable[[str, Any], tuple[str, ...]]:
    def read(name: str, value: Any) -> tuple[str, ...]:
        chosen = _names(name, value)
        for one in chosen:
            _one_of(*choices)(name, one)
        return chosen

    return read


def _web_address(name: str, value: Any) -> str:
    text = _text(name, value)
    if text and not text.startswith(("https://", "http://")):
        raise InvalidValue(name, value, "it must begin with https:// or http://")
    return text


def _key(name: str, value: Any) -> str:
    text = _text(name, value)
    if text and len(text) < SHORTEST_KEY:
        # Not the value itself: a short key is a secret too.
        raise InvalidValue(name, "...", f"a key has at least {SHORTEST_KEY} characters, not {len(text)}")
    return text


def _yes_or_no(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if not isinstance(value, str) or value.strip().lower() not in words:
        raise InvalidValue(name, value, "write true or false")
    return words[value.strip().lower()]


_READ: dict[str, Callable[[str, Any], Any]] = {
    "app": _text,
    "store": _text,
    "timezone": _text,
    "concurrency": _whole(1, 1000),
    "queues": _names,
    "default_retries": _whole(0, 999),
    "lease": _span(timedelta(seconds=1)),
    "tick_interval": _span(timedelta(milliseconds=50)),
    "drain_timeout": _span(timedelta(0)),
    "batch": _whole(1, 10_000),
    "retention": _span(timedelta(seconds=1)),
    "keep_runs": _whole(0, 10_000),
    "log_format": _one_of("text", "json"),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "sync_overrides": _one_of("keep", "reset"),
    "web_host": _text,
    "web_port": _whole(0, 65_535),
    "web_proxies": _whole(0, 10),
    "web_compat": _yes_or_no,
    "session": _span(timedelta(minutes=1)),
    "jwt_key": _key,
    "jwt_keys_url": _text,
    "jwt_audience": _text,
    "jwt_issuer": _text,
    "jwt_role_claim": _text,
    "trigger_key": _key,
    "trigger_audience": _text,
    "trigger_issuer": _text,
    "trigger_email": _text,
    "trigger_keys_url": _text,
    "alerts": read_addresses,
    "alert_on": _some_of(*Kind),
    "alert_hosts": _names,
    "web_url": _web_address,
}
