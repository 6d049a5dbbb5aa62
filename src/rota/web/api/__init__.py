"""The REST API: each handler parses, calls one operation, and answers its JSON form."""

from rota.web.api import (
    alerts,
    audit,
    health,
    nodes,
    openapi,
    runs,
    schedules,
    statistics,
    tasks,
    tokens,
    triggers,
)
from rota.web.api.compat import ROUTES as COMPAT_ROUTES

PARTS = (
    schedules.ROUTES,
    runs.ROUTES,
    tasks.ROUTES,
    nodes.ROUTES,
    statistics.ROUTES,
    audit.ROUTES,
    alerts.ROUTES,
    tokens.ROUTES,
    triggers.ROUTES,
    health.ROUTES,
    openapi.ROUTES,
)
COMPAT = (COMPAT_ROUTES,)
