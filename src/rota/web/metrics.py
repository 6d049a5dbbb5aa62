"""Metrics for Prometheus, read from the store at each scrape: any process of the rota gives the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

from rota.core.records import Node, Run, RunQuery, RunState, Waiting
from rota.operations.lookups import every_run, live_nodes

if TYPE_CHECKING:
    from rota.app import Rota

__all__ = ["CONTENT_TYPE", "exposition"]
NONE = Waiting(0, None)
RECENT, MOST = timedelta(hours=1), 10_000
EDGES = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


def exposition(rota: Rota) -> bytes:
    """Return the metrics in the text form of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(rota))
    return generate_latest(registry)


class _Collector:
    def __init__(self, rota: Rota) -> None:
        self._rota = rota

    def collect(self) -> Iterator[Metric]:
        rota = self._rota
        now = rota.clock.now()
        counts = rota.store.counts(rota.name, now)
        yield _by("rota_schedules", "Schedules, by state.", "state", counts.schedules.items())
        yield _by("rota_runs", "Runs that history holds, by state.", "state", counts.runs.items())
        due = rota.store.next_due(rota.name)
        late = max((now - due).total_seconds(), 0.0) if due else 0.0
        yield _one("rota_schedule_lag_seconds", "How late the earliest due schedule is.", late)
        oldest = counts.oldest_pending
        waited = (now - oldest).total_seconds() if oldest else 0.0
        yield _one("rota_oldest_pending_seconds", "How long the oldest due run has waited.", waited)
        nodes = live_nodes(rota)
        yield from self._queues(counts.queues, nodes, now)
        yield from self._nodes(nodes, now)
        yield from _recent(list(every_run(rota, RunQuery(since=now - RECENT), MOST)))

    def _queues(self, found: Mapping[str, Waiting], nodes: Sequence[Node], now: datetime) -> Iterator[Metric]:
        """Yield what waits in each queue; in one that the code or a node names, nothing is a number, too."""
        served = {queue for node in nodes for queue in node.queues}
        queues = sorted({*found, *served, *self._rota.registry.queues()})
        waiting = [(queue, found.get(queue, NONE)) for queue in queues]
        counts = ((queue, one.count) for queue, one in waiting)
        yield _by("rota_queue_pending_runs", "Runs that have not started, by queue.", "queue", counts)
        ages = ((queue, (now - one.oldest).total_seconds() if one.oldest else 0.0) for queue, one in waiting)
        words = "How long the oldest due run of a queue has waited."
        yield _by("rota_queue_oldest_pending_seconds", words, "queue", ages)

    def _nodes(self, nodes: Sequence[Node], now: datetime) -> Iterator[Metric]:
        ages = ((node.id, (now - node.seen_at).total_seconds()) for node in nodes)
        yield _by("rota_node_heartbeat_age_seconds", "Time since a node was seen.", "node", ages)
        slots = ((node.id, node.slots) for node in nodes)
        yield _by("rota_node_slots", "Bodies a node runs at once.", "node", slots)
        running = ((node.id, node.running) for node in nodes)
        yield _by("rota_node_running", "Bodies a node is running.", "node", running)


def _recent(runs: Sequence[Run]) -> Iterator[Metric]:
    """Yield what became of the runs of the last hour; of the last 10,000, where there were more."""
    ended = Counter(str(run.state) for run in runs if run.finished_at)
    yield _by(
        "rota_recent_runs", "Runs made in the last hour that have ended, by state.", "state", ended.items()
    )
    yield _one(
        "rota_recent_catch_ups", "Runs of the last hour that caught up.", sum(run.is_catch_up for run in runs)
    )
    for state in (RunState.SKIPPED, RunState.MISSED):
        count = sum(run.count for run in runs if run.state is state)
        yield _one(
            f"rota_recent_{state}_occurrences", f"Occurrences of the last hour that were {state}.", count
        )
    started = [run for run in runs if run.started_at]
    late = [(run.started_at - run.run_at).total_seconds() for run in started if run.started_at]
    yield _histogram("rota_recent_start_lag_seconds", "From when a run may start until it does.", late)
    took = [
        (run.finished_at - run.started_at).total_seconds()
        for run in started
        if run.started_at and run.finished_at
    ]
    yield _histogram("rota_recent_duration_seconds", "How long runs took.", took)


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values:
        family.add_metric([str(key)], value)
    return family


def _histogram(name: str, words: str, values: Sequence[float]) -> Metric:
    buckets = [(str(edge), float(sum(one <= edge for one in values))) for edge in EDGES]
    family = GaugeHistogramMetricFamily(name, words)
    family.add_metric([], buckets=[*buckets, ("+Inf", float(len(values)))], gsum_value=sum(values))
    return family
