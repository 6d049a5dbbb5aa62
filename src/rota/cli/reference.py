"""The reference of the commands, written from the commands themselves.

`python -m rota.cli.reference > docs/cli.md` renews it; a test keeps the two in step.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from rota.cli.main import COMMANDS, rota

PREFACE = """\
# The command line

Written by `python -m rota.cli.reference`; change the commands, not this page.

```text
rota COMMAND [OPTIONS] [APP] ARGUMENTS
```

**APP** is `module:attribute`, such as `shop.tasks:rota`; the current folder is on `sys.path`. Without the
attribute it is `rota`. It may be left out: the option `-A APP`, the variable `ROTA_APP` and `app` in
`[tool.rota]` of `pyproject.toml` name it too. The first argument is APP if it has the form
`module:attribute`, and otherwise not. So a schedule whose name has that very form needs `-A APP`. Commands
that take no other argument accept APP as a module alone.

**Names** of schedules and tasks may hold any printable character; quote them as your shell wants it.
**RUN** is the id of a run, or the end of it (at least 6 characters; tables show 12), looked up among the
latest 2,000.

**INSTANT** is `2026-03-29T01:00:00Z`, a local `'2026-03-29 14:00'` or `2026-03-29` (in the zone of the
schedule, else of the rota), `now`, or a span from now: `2h`, `'2h ago'`.

**Output**: results on stdout, notes and logs on stderr. `--json` prints stable names: instants in UTC with
a `Z`, durations in fields that end in `_seconds`, secrets masked. Tables shrink to the terminal; in a pipe
nothing is cut. `NO_COLOR` is obeyed. No command asks a question but
`rota user add`, for a password, on a terminal.

**Changes** take `--dry-run`, leave an audit line with your user name, and take a `--reason` for it.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | it failed; `tick`, `logs --follow`: a run failed; `doctor`: something is wrong |
| 2 | usage: an argument, option, application or value can not be used |
| 3 | not found: there is no such schedule, task or run |
| 4 | drift found: `plan` has something to do |
| 5 | the store can not be reached |
| 6 | not permitted |

Every setting is an environment variable too (`ROTA_STORE`, `ROTA_LEASE` ...); `rota doctor --settings` shows
each value and where it comes from. `rota completion bash|zsh|fish` prints what your shell needs to complete
commands and options.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join([PREFACE, *_parts()])


def _parts() -> Iterator[str]:
    with click.Context(rota, info_name="rota") as context:
        for title, part in COMMANDS.items():
            yield f"## {title}\n"
            for name in part:
                command = rota.get_command(context, name)
                assert command is not None
                for called, one in leaves(name, command):
                    yield _command(called, one, context)


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield what can be called of a command: itself, or what a group of them holds."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for inner, one in command.commands.items():
        yield f"{name} {inner}", one


def _command(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"### rota {name}\n", f"```text\nrota {name} {usage}\n```\n", f"{_text(command)}\n"]
    options = [one for one in command.params if isinstance(one, click.Option)]
    if options:
        lines += ["| option | |", "|---|---|", *(_option(one, context) for one in options), ""]
    if command.epilog:
        lines.append(f"```text\n{command.epilog.removeprefix('Example: ')}\n```\n")
    return "\n".join(lines)


def _text(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "")


def _option(one: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in one.opts)
    value = "" if one.is_flag else f" `{one.make_metavar(context)}`"
    notes = [one.help or ""]
    if one.required:
        notes.append("Required.")
    if one.show_default and not one.is_flag:
        notes.append(f"Default: `{one.default}`.")
    return f"| {names}{value.replace('|', chr(92) + '|')} | {' '.join(notes)} |"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
