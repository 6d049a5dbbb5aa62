"""The admin UI: pages drawn on the server, over the same operations as the API."""

from rota.web.ui import (
    audit,
    errors,
    feed,
    files,
    nodes,
    overview,
    run,
    runs,
    runs_all,
    schedule_actions,
    schedule_edit,
    schedule_list,
    schedule_page,
    settings,
    sign,
    timeline,
)
from rota.web.ui.pages import Pages

PARTS = (
    files.ROUTES,
    sign.ROUTES,
    overview.ROUTES,
    schedule_list.ROUTES,
    schedule_page.ROUTES,
    schedule_actions.ROUTES,
    schedule_edit.ROUTES,
    timeline.ROUTES,
    feed.ROUTES,
    runs_all.ROUTES,
    runs.ROUTES,
    run.ROUTES,
    errors.ROUTES,
    nodes.ROUTES,
    audit.ROUTES,
    settings.ROUTES,
)

__all__ = ["PARTS", "Pages"]
