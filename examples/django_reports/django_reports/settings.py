"""Reports on orders, made and mailed on time.

`DATABASE_URL` may name another database, such as `postgresql://reports@localhost/reports`.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

BASE = Path(__file__).parents[1]


def database(url: str) -> dict[str, object]:
    """Return the settings of a database from its URL."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        # A writer waits for another one, instead of giving up at once.
        options = {"timeout": 20, "transaction_mode": "IMMEDIATE"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path[1:], "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


SECRET_KEY = os.environ.get("SECRET_KEY", "for the example alone")
TIME_ZONE = "Europe/Zurich"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": database(os.environ.get("DATABASE_URL", f"sqlite:///{BASE / 'reports.db'}"))}

LOCAL_APPS = ["orders", "reports", "cleanup"]
INSTALLED_APPS = ["rota.integrations.django", "rota.integrations.django.compat", *LOCAL_APPS]

ROTA = {"NAME": "reports"}
# As it was. Every key may be left out.
TASK_SCHEDULER_CONFIG = {
    "default_tag": "",
    "default_max_retries": 3,
    "default_retry_delay": 5,
    "lock_timeout_minutes": 10,
    "cleanup_days": 30,
}

# Mail becomes files.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE / "outbox"
ORDERS_FILE = BASE / "orders.csv"
