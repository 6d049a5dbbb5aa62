"""The project as a site: its database for one test, its users, and a server that browsers reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from waitress.server import create_server

from tests.django.project.routing import OneDatabase

PASSWORD = "correct horse battery staple"
VIEW = ("view_schedule", "view_run", "view_node", "view_auditline")
OPERATE = (*VIEW, "change_schedule", "trigger_schedule", "change_run")


@contextmanager
def default_is(alias: str) -> Iterator[None]:
    """Let the database of an alias be the project's own, in every thread that connects from now on."""
    before = connections.databases["default"], OneDatabase.alias
    forget()
    # One connection for the models and for Rota: a second would wait for what the first holds.
    connections.databases["default"], OneDatabase.alias = connections.databases[alias], "default"
    yield
    forget()
    connections.databases["default"], OneDatabase.alias = before


def forget() -> None:
    """Close this thread's connection to the project's own database: it may be another one by now."""
    if hasattr(connections._connections, "default"):
        connections["default"].close()
        del connections["default"]


def user(name: str, *permissions: str, is_staff: bool = True, is_superuser: bool = False) -> Any:
    """Store a user who has these permissions."""
    from django.contrib.auth.models import Permission, User

    made = User.objects.create_user(name, password=PASSWORD, is_staff=is_staff, is_superuser=is_superuser)
    made.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="rota")
    )
    return made


class Site:
    """The project behind a real server, with Django's own handler of static files."""

    def __init__(self, application: Any = None) -> None:
        application = application or StaticFilesHandler(get_wsgi_application())
        self._server = create_server(application, host="127.0.0.1", port=0, threads=4)
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving: no thread of it is left when this returns."""
        self._server.trigger.pull_trigger(self._close_all)
        self._thread.join()
        self._server.task_dispatcher.shutdown()

    def _close_all(self) -> None:
        for one in list(self._server._map.values()):
            one.close()
