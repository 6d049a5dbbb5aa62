"""A Django project that has Rota: what the tests of the integration run in.

`SHOP_DATABASE` is the URL of its database, `sqlite:///file.db` or `postgresql://...`.
"""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
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
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rota.integrations.django",
    *([] if find_spec("django.tasks") else ["django_tasks"]),
    "django_tasks_db",
    "tests.django.project.shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGIN_URL = "/admin/login/"
STATIC_URL = "static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast: these are secrets of nobody
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
DATABASE_ROUTERS = ["tests.django.project.routing.OneDatabase"]
_IMMEDIATE = f"{'django.tasks' if find_spec('django.tasks') else 'django_tasks'}.backends.immediate"
TASKS = {
    "default": {
        "BACKEND": "rota.integrations.django.tasks.RotaBackend",
        "QUEUES": ["default", "mail"],
        "OPTIONS": json.loads(os.environ.get("SHOP_TASK_OPTIONS", "{}")),
    },
    "immediate": {"BACKEND": f"{_IMMEDIATE}.ImmediateBackend"},
    "database": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "there"]},
}
ROTA = {"NAME": "shop", **json.loads(os.environ.get("SHOP_ROTA", "{}"))}
