"""`rota user` and `rota token`: who may come in through the web face."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rota.cli import show
from rota.cli.apps import app_command

if TYPE_CHECKING:
    from rota.app import Rota

ROLES = click.Choice(["viewer", "operator", "admin"])
JSON = click.option("--json", "json_", is_flag=True, help="As JSON.")


@click.group("user", epilog="Example: rota user add ann --role operator")
def user() -> None:
    """Say who may sign in to the web face with a password."""


@click.group("token", epilog="Example: rota token create ci --role operator --expires 90d")
def token() -> None:
    """Make and revoke the tokens that programs show to the REST API."""


@app_command("add", "NAME", least=1, most=1, example="rota user add ann --role operator")
@click.option("--role", type=ROLES, required=True, help="viewer reads, operator acts, admin does all.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
def add(rota: Rota, name: str, role: str, password_stdin: bool) -> None:
    """Let NAME sign in, or give NAME another role or password.

    Asks for the password on a terminal. Whoever is signed in by this name is signed out.
    """
    from rota.operations import people
    from rota.operations.actor import shell_user

    made = people.put_user(rota, name, role, _password(password_stdin), shell_user())
    show.note(f"{made.name} may sign in as {made.role}.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("This is no terminal to ask for a password on: give it by --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@app_command("list", example="rota user list shop.tasks:rota")
@JSON
def list_users(rota: Rota, json_: bool) -> None:
    """List those who may sign in."""
    from rota.operations import people, shapes
    from rota.operations.actor import shell_user

    found = people.users(rota, shell_user())
    if json_:
        show.as_json([shapes.user(one) for one in found])
        return
    if not found:
        show.note("Nobody may sign in yet. Add somebody: `rota user add NAME --role admin`.")
        return
    rows = [(one.name, one.role, shapes.utc(one.created_at) or "") for one in found]
    show.table(["name", "role", "since"], rows, states=None)


@app_command("drop", "NAME", least=1, most=1, example="rota user drop ann")
def drop(rota: Rota, name: str) -> None:
    """Delete NAME, with all tokens: from now on they are refused."""
    from rota.operations import people
    from rota.operations.actor import shell_user

    people.drop_user(rota, name, shell_user())
    show.note(f"{name} may no longer come in.")


@app_command("create", "LABEL", least=0, most=1, example="rota token create ci --role operator --expires 90d")
@click.option("--role", type=ROLES, required=True, help="What its bearer may do.")
@click.option("--expires", metavar="DURATION", help="When it runs out, such as 90d; default: never.")
@click.option("--owner", metavar="USER", help="It goes with this user; default: your name here.")
@JSON
def create(
    rota: Rota, label: str = "", *, role: str, expires: str | None, owner: str | None, json_: bool
) -> None:
    """Make a token for a program, and print it, this once. LABEL says what it is for."""
    from rota.core.policies import duration
    from rota.operations import people, shapes
    from rota.operations.actor import shell_user

    span = None if expires is None else duration("--expires", expires)
    label = label or f"made by {shell_user().name}"
    secret, made = people.create_token(rota, label, role, shell_user(), span, owner=owner)
    if json_:
        show.as_json({**shapes.token(made), "secret": secret})
        return
    click.echo(secret)
    until = f"until {shapes.utc(made.expires_at)}" if made.expires_at else "until it is revoked"
    show.note(f"Token {made.id} ({made.label}) works as {made.role} {until}. It is not shown again.")


@app_command("list", example="rota token list shop.tasks:rota")
@JSON
def list_tokens(rota: Rota, json_: bool) -> None:
    """List the tokens of programs, the newest first, and when each was last used."""
    from rota.operations import people, shapes
    from rota.operations.actor import shell_user

    found = [shapes.token(one) for one in people.tokens(rota, shell_user())]
    if json_:
        show.as_json(found)
        return
    if not found:
        show.note("There are none. Make one: `rota token create LABEL --role operator`.")
        return
    columns = ["id", "label", "role", "user", "created_at", "expires_at", "used_at"]
    rows = [[str(one[column] or "never") for column in columns] for one in found]
    show.table([column.removesuffix("_at") for column in columns], rows, states=None, folding=["label"])


@app_command("revoke", "ID", least=1, most=1, example="rota token revoke 0123456789abcdef")
def revoke(rota: Rota, token_id: str) -> None:
    """Delete a token: its bearer is refused from now on."""
    from rota.operations import people
    from rota.operations.actor import shell_user

    people.revoke_token(rota, token_id, shell_user())
    show.note(f"Token {token_id} is revoked.")


for command in (add, list_users, drop):
    user.add_command(command)
for command in (create, list_tokens, revoke):
    token.add_command(command)
