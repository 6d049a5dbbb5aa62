"""Whether work is being done: what a probe asks. Says nothing about what the work is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rota.errors import SchemaOutdated, StoreUnavailable
from rota.operations.lookups import live_nodes

if TYPE_CHECKING:
    from rota.app import Rota

LATEST = timedelta(seconds=60)


def readiness(rota: Rota) -> dict[str, str]:
    """Return what was checked, each `ok` or what is wrong: the store, lateness, a scheduler, a worker."""
    try:
        now, due, nodes = rota.clock.now(), rota.store.next_due(rota.name), live_nodes(rota)
    except StoreUnavailable:
        return {"store": "unavailable"}
    except SchemaOutdated:
        return {"store": "schema outdated"}
    late = now - due if due is not None else timedelta(0)
    roles = {role for node in nodes for role in node.roles}
    return {
        "store": "ok",
        "lag": "ok"
        if late <= LATEST
        else f"the earliest schedule is late by {late // timedelta(seconds=1)} s",
        "scheduler": "ok" if "scheduler" in roles else "none has been seen lately",
        "worker": "ok" if "worker" in roles else "none has been seen lately",
    }
