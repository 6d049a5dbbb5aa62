"""Channels: where alerts are sent, as addresses of apprise. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from rota.core.masking import MASK
from rota.errors import InvalidValue

# Only before what looks like another address: commas and semicolons are part of some.
_BETWEEN = re.compile(r"[\s,;]+(?=[A-Za-z][A-Za-z0-9+.-]{0,30}://)")
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://\S+", re.DOTALL)
_PARTS = re.compile(r"[/:@?&=#,;\s]+")
SHORTEST_SECRET = 4  # characters; what is shorter is no secret, and masking it would eat words
MOST = 20
# They speak with what is on this machine, such as its desktop, and not with people elsewhere.
LOCAL = frozenset({"dbus", "qt", "kde", "glib", "gnome", "macosx", "windows", "syslog"})
# Of these the host is the host, and no secret. Many others have a token in its place.
WITH_HOST = frozenset(
    ["json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "gotify", "gotifys", "apprise"]
)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts are sent.

    Attributes:
        name: The scheme, and a number where several have the same: `slack`, `slack-2`. Names its schedule.
        url: Holds secrets: it is handed to the sender, and to nobody else.
    """

    name: str
    url: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Its address as anybody may see it: `slack://••••••`."""
        scheme, host = _scheme(self.url), _host(self.url)
        return f"{scheme}://{host}/{MASK}" if host and scheme in WITH_HOST else f"{scheme}://{MASK}"

    def without_secrets(self, text: str) -> str:
        """Return `text` with each part of the address masked that may be a secret."""
        known = _host(self.url) if _scheme(self.url) in WITH_HOST else ""
        parts = {*_PARTS.split(self.url.partition("://")[2])}
        parts |= {unquote(part) for part in parts}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) >= SHORTEST_SECRET and part != known and not _is_address(part):
                text = text.replace(part, MASK)
        return text


def channels(urls: Sequence[str]) -> Mapping[str, Channel]:
    """Return the channels by name, in their order."""
    found: dict[str, Channel] = {}
    for url in urls:
        scheme, number = _scheme(url), 1
        while (name := scheme if number == 1 else f"{scheme}-{number}") in found:
            number += 1
        found[name] = Channel(name, url)
    return found


def read_addresses(field_name: str, value: object) -> tuple[str, ...]:
    """Return the addresses of a setting: a list, or one text with commas or spaces between them.

    Raises:
        InvalidValue: One is no address, or of a kind that is refused. Its text is not in the message.
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(one, str) for one in texts):
        raise InvalidValue(field_name, "...", "it must be addresses, separated by commas or spaces")
    urls = tuple(url for text in texts for url in _BETWEEN.split(text.strip(" \t\r\n,;")) if url)
    for number, url in enumerate(urls, 1):
        _check(field_name, number, url)
    if len(urls) > MOST:
        raise InvalidValue(field_name, f"{len(urls)} addresses", f"there may be up to {MOST}")
    return urls


def _check(field_name: str, number: int, url: str) -> None:
    is_address = _ADDRESS.fullmatch(url)
    shown = f"{_scheme(url)}://..." if is_address else "..."
    if is_address is None:
        hint = "Write them as apprise does: `slack://...`, `mailto://...`, `json://...`."
        raise InvalidValue(field_name, shown, f"address {number} has not the form scheme://...", hint)
    if _scheme(url) in LOCAL:
        raise InvalidValue(field_name, shown, f"address {number} leads to nobody but this machine")


def is_public(address: str) -> bool:
    """Say whether an IP address is of the internet: not private, loopback, link-local or the like."""
    found = ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return all(one.is_global and not one.is_multicast for one in (found, inner) if one is not None)


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def allowed(hosts: Sequence[str]) -> Iterator[str]:
    """Yield the hosts of the setting `alert_hosts`, without what people write around them."""
    for host in hosts:
        yield host.strip().strip("[]").rstrip(".").lower()
