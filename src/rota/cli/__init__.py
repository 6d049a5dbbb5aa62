"""The command line: `rota ...`. Commands are loaded when they are called, so that `rota --help` is quick."""

from __future__ import annotations

from rota.cli.main import main as main
