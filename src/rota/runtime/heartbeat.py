"""Heartbeat: leases are renewed, what is asked of the node is learnt, and it shows that it lives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rota.core.records import Lease, Node
from rota.ports import Runner, Store

log = logging.getLogger("rota.heartbeat")


class Heartbeat:
    """Keeps one node, and the runs it holds, alive in the store.

    Args:
        node: Returns the node's row as it is at an instant.
        runner: `None` for a node that is no worker.
        resync: Learns the store's time anew.
        asked: Takes who has asked the node to drain; called again at each heartbeat from then on.
    """

    name = "heartbeat"
    topics = frozenset({"cancel"})

    def __init__(
        self,
        store: Store,
        node: Callable[[datetime], Node],
        runner: Runner | None,
        *,
        resync: Callable[[], object],
        asked: Callable[[str], None],
        every: timedelta,
        lease: timedelta,
    ) -> None:
        self._store, self._node, self._runner, self._resync = store, node, runner, resync
        self._asked, self._every, self._lease = asked, every, lease
        self._joined_at: datetime | None = None

    def step(self, now: datetime) -> datetime:
        """Renew and learn; return when to do it again."""
        if self._runner is not None:
            held = self._runner.held()
            if held:
                self._renew(self._runner, held, now)
        if self._joined_at is None or now - self._joined_at >= self._every / 2:
            drain_by = self._store.join(self._node(now))
            self._resync()
            self._joined_at = now
            if drain_by is not None:
                self._asked(drain_by)
        return now + self._every

    def _renew(self, runner: Runner, held: list[Lease], now: datetime) -> None:
        renewal = self._store.renew(held, now, now + self._lease)
        if renewal.cancelled:
            runner.cancel(renewal.cancelled)
        # A run that ended since `held` was asked is no longer held, or is held again under a newer token.
        asked = {one.run_id: one.token for one in held}
        lost = [
            one.run_id
            for one in runner.held()
            if one.run_id in renewal.lost and asked.get(one.run_id) == one.token
        ]
        if lost:
            log.warning("leases lost; their attempts are stopped", extra={"runs": lost})
            runner.drop(lost)
