"""The parts of a soak that measure: each alone on the machine, the one that takes what time is left last."""

from __future__ import annotations

from tests.system import endurance, load
from tests.system.lanes import ALONE, Bench, part
from tests.system.soak_report import Line, line, within

BUSY = "the machine was busy with other things"


@part(ALONE, 0.05)
def long_stop(bench: Bench) -> list[Line]:
    result = endurance.long_stop(bench.cluster("postgres"), schedules=1000)
    took, memory, bad = result.again[0], result.counted["memory_mb"], result.verdict.violations
    reached = f"{took:.1f} s with the start of Python, +{memory} MB: {len(bad)} violations"
    wanted = "≤ 5 s, +50 MB, one run and one `missed` record each"
    what = "30 days off, 1,000 every-minute schedules"
    return [Line(what, wanted, reached, took <= 5 and memory <= 50 and not bad, BUSY, bad)]


@part(ALONE, 0.05)
def failover(bench: Bench) -> list[Line]:
    late = endurance.scheduler_failover(bench.cluster("postgres"), times=8)
    taken = endurance.worker_takeover(bench.cluster("postgres"))
    return [
        within("Next occurrence after the scheduler that decides was killed", 5, late),
        within("A dead worker's run taken over, default lease", 20, [taken]),
    ]


@part(ALONE, 0.15)
def purge(bench: Bench) -> list[Line]:
    runs = 1_000_000 if bench.seconds >= 100 else 300_000
    cluster = bench.cluster("postgres")
    result = endurance.purge_under_load(cluster, runs=runs, schedules=50, seconds=bench.seconds)
    most, begun = (load.percentile(late, 0.99) for late in (result.recorded, result.started))
    rate = f" in {result.again[0]:.0f} s"
    late = f"recorded p99 {most:.3f} s, started p99 {begun:.3f} s"
    return [
        line("Purge under load (50 every-second schedules)", 1_000_000, "runs purged", result, rate),
        Line("Lateness during the purge", "p99 ≤ 1 s", late, max(most, begun) <= 1, BUSY),
    ]


@part(ALONE, 0)
def schedulers(bench: Bench) -> list[Line]:
    cluster = bench.cluster("postgres")
    seconds = max(bench.seconds * 0.85 - 20, 10)  # enumerating what was due takes time, too
    result = load.schedulers(cluster, size=16, schedules=1000, seconds=seconds)
    result.done = len(result.recorded)
    cpu = f" in {seconds:.0f} s; the schedulers took {result.counted['cpu_ms'] / 1000 / seconds:.2f} cores"
    most = load.percentile(result.complete, 0.99)
    return [
        line("16 schedulers, 1,000 every-second schedules", 3_600_000, "occurrences recorded", result, cpu),
        Line(
            "Until all 1,000 of an instant are committed",
            "p99 ≤ 1 s",
            spread(result.complete),
            most <= 1,
            BUSY,
        ),
        Line("Until one is decided, by its `created_at`", "-", spread(result.recorded), True),
        Line("Until one is started, one worker", "-", spread(result.started), True),
    ]


def spread(late: list[float]) -> str:
    half, most = load.percentile(late, 0.5), load.percentile(late, 0.99)
    return f"p50 {half:.3f} s, p99 {most:.3f} s, max {late[-1]:.3f} s"
