"""Settings of the chat. What differs between machines comes from the environment.

CHAT_DATABASE   `postgresql://user:password@host:port/name`; without it a SQLite file beside manage.py.
CHAT_SECRET     Signs sessions and tokens; at least 32 characters.
CHAT_BACKUPS    Folder of the backups that are made before anything is deleted.
CHAT_TEST_MODE  `1`: all duties every five minutes.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE = Path(__file__).parent.parent

SECRET_KEY = os.environ.get("CHAT_SECRET", "of this example: everybody knows it")
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rota.integrations.django",
    "chat",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
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
STATIC_URL = "static/"
AUTH_USER_MODEL = "chat.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "conversations"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "Europe/Zurich"


def database(url: str) -> dict[str, object]:
    """Return what `DATABASES` says of the database at a URL."""
    parts = urlsplit(url)
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BASE / "chat.sqlite3",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    if parts.scheme == "sqlite":
        return {**database(""), "NAME": parts.path[1:]}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


DATABASES = {"default": database(os.environ.get("CHAT_DATABASE", ""))}

SILENCED_SYSTEM_CHECKS = ["rota.W002"]  # SQLite with several server processes: they are on one machine
BACKUPS = Path(os.environ.get("CHAT_BACKUPS", BASE / "backups"))
TEST_MODE = os.environ.get("CHAT_TEST_MODE", "0") == "1"
ROTA = {
    "NAME": "chat",
    "AUTOSTART": True,  # runserver, and each worker of gunicorn, does the work as well
    "WEB_COMPAT": True,  # the paths of the API that was there before
    "JWT_KEY": SECRET_KEY,
    "JWT_ISSUER": "chat",
}
