"""Many nodes, most of them stopped at any time for longer than their lease, each at another instant."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from tests.system.cluster import Cluster
from tests.system.faults import Result, late_words

RUNNING = "SELECT node, id, token FROM rota_run WHERE state = 'running'"
Held = set[tuple[str, str, int]]


@dataclass
class Frozen:
    """A node that has been stopped.

    Attributes:
        held: The runs under its lease when it was.
    """

    node: object
    held: Held
    until: float


def freeze_many(cluster: Cluster, *, stops: int, seconds: float, size: int = 8, lease: float = 2.0) -> Result:
    """Stop nodes that hold a run, for 1.5 leases or more, so often; two of them are always awake."""
    cluster.environment["ROTA_LEASE"] = f"{lease:g}s"
    nodes = cluster.start_all(size)
    frozen: list[Frozen] = []
    result = Result(counted={"runs taken over": 0})
    ends = time.monotonic() + seconds
    while frozen or (result.done < stops and time.monotonic() < ends):
        frozen = wake(cluster, frozen, result)
        awake = [node for node in nodes if node not in [one.node for one in frozen]]
        if len(awake) > 2 and result.done < stops and time.monotonic() < ends:
            running = cluster.rows(RUNNING)
            for victim in [one for one in awake if held_by(one, running)][:1]:
                victim.send_signal(signal.SIGSTOP)
                held, span = held_by(victim, cluster.rows(RUNNING)), lease * (1.5 + result.done % 3 / 2)
                frozen.append(Frozen(victim, held, time.monotonic() + span))
                result.done += 1
        time.sleep(0.05)
    cluster.wait_for_rescue()
    result.verdict = cluster.judge()
    result.counted["late words dropped"] = late_words(cluster)
    return result


def held_by(node, running: list[tuple]) -> Held:
    return {one for one in running if f"-{node.pid}-" in one[0]}


def wake(cluster: Cluster, frozen: list[Frozen], result: Result) -> list[Frozen]:
    """Let those go on whose time has come; return the others."""
    over = [one for one in frozen if one.until <= time.monotonic()]
    if over:
        running = set(cluster.rows(RUNNING))
        for one in over:
            result.counted["runs taken over"] += len(one.held - running)
            one.node.send_signal(signal.SIGCONT)
    return [one for one in frozen if one not in over]
