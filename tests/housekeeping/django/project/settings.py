"""Its settings; the database is named by the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit


def database(url: str) -> dict[str, object]:
    """Return Django's settings of a database, from a URL."""
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.removeprefix("sqlite:///"),
            "OPTIONS": {"timeout": 20},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": parts.username,
        "HOST": parts.hostname,
        "PORT": parts.port,
    }


SECRET_KEY = "of the tests"
USE_TZ = True
TIME_ZONE = "Europe/Paris"
DATABASES = {"default": database(os.environ.get("PROJECT_DATABASE", "sqlite:///:memory:"))}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.housekeeping.django.project",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
