"""A cron line said in English."""

from __future__ import annotations

from rota.core.timetables.fields import CronFields


def describe_cron(text: str, fields: CronFields) -> str:
    return f"At cron {text}"
