"""How fast runs without a body are executed, from the first body to the last, by real worker processes."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.arena import Arena, Place
from bench.contenders import Contender
from bench.figures import Figure
from bench.processes import Counted, counted, last_words, running

START_SECONDS, STALLED_SECONDS = 30, 10  # how long nothing may happen, at first and later
STORES = ("postgres", "sqlite", "redis")


def measure(arena: Arena) -> list[Figure]:
    rounds: dict[tuple[str, int], list[float]] = {}
    errors: dict[tuple[str, int], str] = {}
    cases = [(one, count) for one in arena.contenders() for count in one.workers]
    most = max(one.rounds for one, _ in cases) if arena.form != "quick" else 1
    for number in range(most):  # in turn, so that a slow minute of the machine hits all
        for contender, processes in cases:
            key = (_who(contender), processes)
            if number >= contender.rounds or key in errors:
                continue
            try:
                rate = _drain(arena, contender, processes)
            except Exception as error:
                errors[key] = f"{type(error).__name__}: {error}"
                arena.say(f"  {key}: {errors[key]}")
                continue
            arena.say(f"  {key[0]}, {processes} processes: {rate:,.0f}/s")
            rounds.setdefault(key, []).append(rate)
    return [
        _figure(one, count, rounds.get((_who(one), count), []), errors.get((_who(one), count), ""))
        for one, count in cases
    ]


def _who(contender: Contender) -> str:
    return contender.title if contender.is_ours else f"{contender.title} ({contender.store})"


def _figure(contender: Contender, processes: int, rates: list[float], error: str) -> Figure:
    return Figure(
        row="drain",
        case=f"{processes} process{'es' if processes > 1 else ''}",
        who=_who(contender),
        value=statistics.median(rates) if rates else None,
        unit="runs/s",
        more_is_better=True,
        settings=contender.settings,
        samples=rates,
        error="" if rates else error,
    )


def _drain(arena: Arena, contender: Contender, processes: int) -> float:
    runs = max(500, contender.runs // arena.size(10, 1))
    with arena.place(contender) as place:
        place.call("fill", runs)
        arena.services.settle_down(place.variables)
        commands = [place.command(one) for one in contender.workers[processes]]
        with running(commands, place.variables, place.folder) as workers:
            done = _wait(place, runs, [one.pid for one in workers])
        if done.count < runs * 0.99:
            raise RuntimeError(f"{done.count} of {runs} ran: {last_words(place.folder)}")
        return done.per_second


def _wait(place: Place, runs: int, pids: list[int]) -> Counted:
    """Wait until all have run, or nothing more does: the workers have ended, or hang."""
    end = time.monotonic() + START_SECONDS
    done = Counted(0, 0.0, 0.0)
    while done.count < runs and time.monotonic() < end:
        time.sleep(0.05)
        before, done = done, counted(place.folder)
        if done.count > before.count:
            end = time.monotonic() + STALLED_SECONDS
        if not any(Path(f"/proc/{pid}/cwd").exists() for pid in pids):
            break
    return done
