"""Find the rota that a command is about.

The first argument of a command is APP if it has the form `module:attribute`; otherwise the option `-A`, the
variable `ROTA_APP` or `[tool.rota] app` names it. So a schedule whose name has that very form needs `-A`.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from rota.errors import InvalidApp, RotaError

if TYPE_CHECKING:
    from rota.app import Rota

APP_FORM = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
DEFAULT_ATTRIBUTE = "rota"
HINT = "Write module:attribute, such as shop.tasks:rota, or set ROTA_APP."


def is_app(word: str) -> bool:
    """Say whether an argument is read as APP."""
    return APP_FORM.fullmatch(word) is not None


def app_command(
    name: str, words: str = "", *, least: int = 0, most: int | None = 0, example: str
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function that takes a `Rota`, its words and its options.

    Args:
        words: What follows APP, as help shows it, such as `NAME...`.
        least, most: How many words; `None`: any number. Without words, any argument is APP.
        example: A line that works, for the help.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def invoke(
            words: tuple[str, ...], app: str | None = None, store: str | None = None, **options: Any
        ) -> None:
            where, rest = split(words, app, only_app=most == 0)
            if len(rest) < least or (most is not None and len(rest) > most):
                raise click.UsageError(_wrong_number(metavar, rest, least, where if app is None else None))
            with opened(where, store) as rota:
                function(rota, *rest, **options)

        metavar = f"[APP] {words}".strip()
        command = click.command(name, epilog=f"Example: {example}")(invoke)
        # Options of every such command come last in its help, the words first.
        command.params.insert(0, click.Argument(["words"], nargs=-1, metavar=metavar))
        command.params += [
            click.Option(["-A", "--app"], metavar="APP", help="The rota, as module:attribute."),
            click.Option(["--store"], metavar="URL", help="Use this store instead of ROTA_STORE."),
        ]
        return command

    return decorate


def _wrong_number(metavar: str, rest: tuple[str, ...], least: int, taken: str | None) -> str:
    if len(rest) >= least:
        return f"Got {len(rest)} arguments ({' '.join(rest)}); it takes {metavar}."
    hint = f" {taken!r} was read as APP; give APP by -A if it is a name." if taken else ""
    return f"Missing argument; it takes {metavar}.{hint}"


def split(
    words: tuple[str, ...], app: str | None, *, only_app: bool = False
) -> tuple[str | None, tuple[str, ...]]:
    """Return APP, if it is among the words or given by option, and the other words."""
    if current_host() is not None:
        return None, words
    if app is None and words and (is_app(words[0]) or only_app):
        return words[0], words[1:]
    return app, words


class Host(Protocol):
    """Who calls the commands when it is not the program `rota`: it knows the rota they are about."""

    def opened(self, command: str) -> AbstractContextManager[Rota]:
        """Return the rota for a command of this name, closed at the end."""
        ...


def current_host() -> Host | None:
    """Return who calls the command that is being executed; `None`: the program `rota`."""
    context = click.get_current_context(silent=True)
    host: Host | None = None if context is None else context.obj
    return host


def has_app() -> bool:
    """Say whether there is a rota without APP."""
    return current_host() is not None or bool(configured_app())


@contextmanager
def opened(where: str | None, store: str | None) -> Iterator[Rota]:
    """Load the rota, and close its store at the end."""
    host = current_host()
    if host is not None:
        with host.opened(click.get_current_context().info_name or "") as rota:
            yield rota
        return
    rota = load(where)
    if store is not None:
        rota.configure(store=store)
    try:
        yield rota
    finally:
        rota.close()


def configured_app() -> str:
    """Return what `ROTA_APP` or `[tool.rota] app` says, or `""`."""
    from rota.settings import load as load_settings

    return load_settings().app


def load(where: str | None) -> Rota:
    """Import and return the rota at `module:attribute`; the attribute is `rota` when it is left out.

    Raises:
        InvalidApp: No application is named, or it can not be imported, or is no Rota.
    """
    where = where or configured_app()
    if not where:
        raise InvalidApp("", "none is named", HINT)
    module_name, _, attribute = where.partition(":")
    found: Any = _module(where, module_name)
    for part in (attribute or DEFAULT_ATTRIBUTE).split("."):
        if not hasattr(found, part):
            raise _without_attribute(where, found, part)
        found = getattr(found, part)
    return _checked(where, found)


def _checked(where: str, found: Any) -> Rota:
    from rota.app import Rota

    if not isinstance(found, Rota):
        raise InvalidApp(where, f"it is a {type(found).__name__}, not a Rota", HINT)
    return found


def _module(where: str, name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except RotaError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise InvalidApp(where, f"there is no module {error.name!r} here or on sys.path", HINT) from None
        raise InvalidApp(where, f"its import failed, {_told(error)}") from error
    except (ValueError, TypeError) as error:
        raise InvalidApp(where, f"its import failed, {_told(error)}", HINT) from error
    except Exception as error:  # whatever an application does when it is imported
        raise InvalidApp(where, f"its import failed, {_told(error)}") from error


def _told(error: BaseException) -> str:
    """Say what an import raised, and where in the application."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _without_attribute(where: str, holder: Any, name: str) -> InvalidApp:
    from rota.app import Rota

    rotas = [key for key, value in vars(holder).items() if isinstance(value, Rota)]
    near = rotas or get_close_matches(name, [key for key in vars(holder) if not key.startswith("_")], n=1)
    holder_name = getattr(holder, "__name__", type(holder).__name__)
    hint = f"Did you mean {holder_name}:{near[0]}?" if near else HINT
    return InvalidApp(where, f"{holder_name!r} has no {name!r}", hint)
