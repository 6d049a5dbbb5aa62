"""Let a node drain: it takes nothing more, lets what runs end, gives back the rest, and leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from rota.core.records import Node, Run, RunQuery, RunState
from rota.core.words import join_words
from rota.errors import RotaError, UnknownName
from rota.operations.actor import Actor, Role
from rota.operations.history import list_runs
from rota.operations.lookups import nodes_by_state
from rota.operations.results import Effect, Result
from rota.operations.why_run import said
from rota.runtime.options import NodeOptions

if TYPE_CHECKING:
    from rota.app import Rota

MOST_RUNS = 500
ALREADY = "it is draining already"


class UnknownNode(UnknownName):
    """A node is named that the store does not hold."""

    kind = "node"


class DeadNode(RotaError):
    """A node was to be asked for something, and has not been seen lately: it would not hear of it.

    Attributes:
        node: Its id.
        age: Since when nobody has seen it.
    """

    def __init__(self, node: str, age: timedelta) -> None:
        self.node, self.age = node, age
        super().__init__(
            f"node {node} was last seen {age.total_seconds():.0f} s ago: it is lost, and was asked nothing. "
            f"What it held is taken over when its leases run out."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What it means that a node drains.

    Attributes:
        runs: What it is running.
        is_asked: It drains already, or is about to.
        others: The live nodes that stay.
    """

    node: Node
    runs: tuple[Run, ...]
    is_asked: bool
    others: tuple[Node, ...]

    @property
    def patience(self) -> str:
        """How long it waits for what it is running."""
        return said(self.node.patience)

    @property
    def until(self) -> str:
        """What becomes of that which it is running."""
        if not self.runs:
            return "it is running nothing"
        one = len(self.runs) == 1
        return f"{len(self.runs)} {'run' if one else 'runs'} may end, for up to {self.patience}"

    @property
    def successors(self) -> str:
        """What becomes of that which it would have done."""
        missing = [*self._missing_role(), *self._missing_queues()]
        if missing:
            return f"what comes then waits, as no other node {join_words(missing, 'or')}"
        names = [one.id for one in self.others]
        shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
        return f"what comes then is taken over by {join_words(shown)}"

    def _missing_role(self) -> list[str]:
        """Return what nobody else would do at all."""
        left = {role for one in self.others for role in one.roles}
        words = {"scheduler": "schedules", "worker": "executes runs"}
        return [words[role] for role in self.node.roles if role in words and role not in left]

    def _missing_queues(self) -> list[str]:
        """Return what no other worker would serve."""
        workers = [one for one in self.others if "worker" in one.roles]
        if "worker" not in self.node.roles or not workers:
            return []
        served = {queue for one in workers for queue in one.queues}
        missing = [queue for queue in self.node.queues if queue not in served]
        return (
            [f"serves the {'queue' if len(missing) == 1 else 'queues'} {join_words(missing)}"]
            if missing
            else []
        )


def leaving(rota: Rota, node_id: str) -> Leaving:
    """Return what it means that this node drains.

    Raises:
        UnknownNode: There is none, or it has left.
        DeadNode: It is dead, or cut off: it would not hear of it.
    """
    states = {one.id: (one, state) for one, state in nodes_by_state(rota)}
    if node_id not in states:
        raise UnknownNode(node_id, list(states), "One that has left is none any more.")
    node, state = states[node_id]
    if state == "lost":
        raise DeadNode(node_id, rota.clock.now() - node.seen_at)
    runs = list_runs(rota, RunQuery(states=(RunState.RUNNING,), limit=MOST_RUNS))
    return Leaving(
        node=node,
        runs=tuple(run for run in runs if run.node == node_id),
        is_asked=state == "draining",
        others=tuple(one for one, state in states.values() if state == "live" and one.id != node_id),
    )


def drain(
    rota: Rota, names: str | Sequence[str], actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Result:
    """Ask nodes to drain. Each learns it by its next heartbeat; it can not be taken back.

    A process that is a node and nothing else then ends, with exit code 0.

    Raises:
        UnknownNode: One does not exist; nobody was asked.
        DeadNode: One has not been seen lately; nobody was asked.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "drain")
    wanted = dict.fromkeys([names] if isinstance(names, str) else names)
    known = [leaving(rota, one) for one in wanted]
    effects = [_asked(rota, one, actor, reason, dry_run) for one in known]
    return Result(action="drain", dry_run=dry_run, effects=tuple(effects))


def _asked(rota: Rota, one: Leaving, actor: Actor, reason: str, dry_run: bool) -> Effect:
    name = one.node.id
    if one.is_asked:
        by = f", as {one.node.drain_by} has asked" if one.node.drain_by else ""
        return Effect(name, False, f"{ALREADY}{by}")
    if not dry_run:
        after = {"running": len(one.runs)}
        line = actor.line(rota.name, rota.clock.now(), "drain", name, reason, None, after)
        if not rota.store.drain(rota.name, name, actor.name, [line]):
            return Effect(name, False, "it has left, or is draining already")
    return Effect(
        name, True, f"takes nothing more within {heard_within(rota)}; {one.until}; {one.successors}"
    )


def heard_within(rota: Rota) -> str:
    """Say how long it takes at most until a node has learnt what it is asked."""
    return said(NodeOptions(lease=rota.settings.lease).heartbeat)
