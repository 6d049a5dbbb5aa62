"""A Django table of a million old rows, purged while a writer goes on: what a user would declare."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection, models

from rota.housekeeping.django import purge

FOLDER = Path(os.environ["BENCH_FOLDER"])
WRITES_PER_SECOND = 50


def _database() -> dict[str, Any]:
    dsn = os.environ.get("PG_DSN")
    if dsn is None:
        options = {"timeout": 30, "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"}
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FOLDER / "project.db"),
            "OPTIONS": options,
        }
    parts = urlsplit(dsn)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": parts.username,
        "HOST": parts.hostname,
        "PORT": parts.port,
    }


settings.configure(
    DATABASES={"default": _database()},
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes"],
)
django.setup()


class Report(models.Model):
    created_at = models.DateTimeField(db_index=True)
    content = models.CharField(max_length=200)

    class Meta:
        app_label = "bench"


# Evenly over the last 200 days, as a table that grows steadily.
FILL = {
    "sqlite": """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        INSERT INTO bench_report (created_at, content)
        SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now', (200.0 * i / {count} - 200) || ' days'),
               hex(zeroblob(100))
        FROM n""",
    "postgresql": """
        INSERT INTO bench_report (created_at, content)
        SELECT now() + (200.0 * i / {count} - 200) * interval '1 day', repeat('x', 200)
        FROM generate_series(1, {count}) AS i""",
}


def fill(count: int) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Report)
    with connection.cursor() as cursor:
        cursor.execute(FILL[connection.vendor].format(count=count))
        cursor.execute("ANALYZE")


def write() -> list[float]:
    """Insert and change rows steadily until told to stop; return how many milliseconds each took."""
    took, begin, stop = [], time.monotonic(), FOLDER / "stop"
    print("ready", file=sys.stderr, flush=True)
    while not stop.exists():
        time.sleep(max(0.0, begin + len(took) / WRITES_PER_SECOND - time.monotonic()))
        started = time.perf_counter()
        made = Report.objects.create(created_at=datetime.now(UTC), content="new")
        took.append((time.perf_counter() - started) * 1000)
        assert made.pk
    return took


def measure(count: int, batch: int) -> dict[str, Any]:
    """Purge all but the young rows; return rates, locks and memory."""
    fill(count)
    task = purge(Report, older_than="10d", using="created_at", batch_size=batch)
    command = [sys.executable, "-m", "driver", "write_meanwhile"]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stderr is not None
        while writer.stderr.readline() not in ("ready\n", ""):
            pass
        task.function(max_batches=2)  # what is imported on first use is not what grows
        before, began = _most_memory(), time.perf_counter()
        told = task.function()
        seconds = time.perf_counter() - began
        (FOLDER / "stop").touch()
        written = json.loads(writer.communicate()[0].splitlines()[-1])
    if not told["finished"] or writer.returncode:
        raise RuntimeError(f"the purge or the writer did not come to its end: {told}")
    return {
        "deleted": told["deleted"],
        "seconds": seconds,
        "longest_ms": told["longest_transaction_ms"],
        "written": written,
        "grown_mb": _most_memory() - before,
    }


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
