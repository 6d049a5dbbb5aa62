"""What looks like a secret is never shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rota.core.records.states import Json

MASK = "••••••"
_SECRET = re.compile(
    r"passw(or)?d|passphrase|passcode|(^|[_.\- ])pass$|secret|token|credential|authori[sz]ation|auth$|bearer"
    r"|(api|private|access|signing)[_-]?key|cookie|session[_-]?id|\bdsn\b|otp$|^pin$|cvv|iban",
    re.IGNORECASE,
)
# The scheme is short: looking for one of any length takes minutes for a long text without any.
_IN_URL = re.compile(r"(?P<head>[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)[^/\s@]+@", re.IGNORECASE)


def masked(value: Json, key: str = "") -> Json:
    """Return `value` with everything under a key that looks secret masked, and passwords in URLs too."""
    if key and value is not None and value != "" and _SECRET.search(_snake(key)):
        return MASK
    if isinstance(value, Mapping):
        return {name: masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        return _IN_URL.sub(rf"\g<head>{MASK}@", value)
    return value


def _snake(key: str) -> str:
    """Write `apiKey` as `api_Key`, so that one rule fits both."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
