"""Dump a PostgreSQL database by its own program."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.db.backends.postgresql.client import DatabaseClient

from rota.housekeeping.django.running import this_run
from rota.housekeeping.errors import BackupFailed

LOOK_SECONDS = 0.5  # how soon a cancellation is seen


def dump_postgres(connection: Any, file: Path, tables: Sequence[str]) -> None:
    """Write a dump to `file`, read its contents, and sync it to the disk.

    Raises:
        BackupFailed: A program is missing, or did not succeed; with its last words.
    """
    # As `manage.py dbshell` would connect: the password and the certificates go by the environment.
    (_, *arguments), variables = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    environment = {**os.environ, **(variables or {})}
    chosen = [f"--table={connection.ops.quote_name(one)}" for one in tables]
    options = ["--format=custom", "--no-password", f"--file={file}", *chosen]
    _execute(connection.alias, ["pg_dump", *options, *arguments], environment)
    _execute(connection.alias, ["pg_restore", "--list", str(file)], environment)
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _execute(alias: str, command: Sequence[str], environment: dict[str, str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise BackupFailed(alias, f"{command[0]} is not installed; it comes with the client of PostgreSQL")
    with TemporaryFile() as words, _started([program, *command[1:]], environment, words) as process:
        try:
            _wait(process)
        except BaseException:  # also a cancellation, and a time limit: the program ends with the run
            process.kill()
            raise
        if process.returncode:
            words.seek(0)
            said = words.read().decode(errors="replace").strip().splitlines()[-3:]
            raise BackupFailed(alias, f"{command[0]} ended with {process.returncode}: {' '.join(said)}")


def _started(command: Sequence[str], environment: dict[str, str], words: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # a program of PostgreSQL, without a shell
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words
    )


def _wait(process: subprocess.Popen[bytes]) -> None:
    while process.returncode is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_SECONDS)
        if process.returncode is None and (run := this_run()) is not None:
            run.raise_if_cancelled()
