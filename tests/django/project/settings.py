"""A Django project that has Rota: what the tests of the integration run in.

`SHOP_DATABASE` is the URL of its database, `sqlite:///file.db` or `postgresql://...`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

SECRET_KEY = "tests only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "Europe/Zurich"
ROOT_URLCONF = "tests.django.project.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rota.integrations.django",
    "tests.django.project.shop",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
WSGI_APPLICATION = "tests.django.project.wsgi.application"


def database_of(url: str) -> dict[str, object]:
    """Return what `DATABASES` says of the database at a URL."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:],
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": parts.username or "",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "TEST": {"NAME": f"{parts.path[1:]}_django"},
    }


DATABASES = {
    "default": database_of(
        os.environ.get("SHOP_DATABASE", f"sqlite:///{Path(__file__).with_name('test.db')}")
    )
}
ROTA = {"NAME": "shop", **json.loads(os.environ.get("SHOP_ROTA", "{}"))}
