"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

from rota import __version__


def machine() -> dict[str, str]:
    return {
        "processors": f"{os.cpu_count()} x {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def own_versions() -> dict[str, str]:
    return {
        "Rota": __version__,
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "psycopg": version("psycopg"),
        "cronsim": version("cronsim"),
        "croniter": version("croniter"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
