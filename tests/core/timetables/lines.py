"""Random cron lines, each as text and as the plain sets that the oracle understands."""

from __future__ import annotations

import random

from tests.core.timetables.oracle import Line

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Asia/Tehran",
    "Antarctica/Troll",
]
DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def field(chosen: random.Random, low: int, high: int) -> tuple[str, frozenset[int]]:
    """Return a field as text and as numbers."""
    shape = chosen.choice(["one", "one", "list", "range", "step", "range step"])
    a, b = sorted((chosen.randint(low, high), chosen.randint(low, high)))
    step = chosen.randint(1, max((high - low) // 2, 1))
    if shape == "one" or a == b:  # cronsim takes 2-2/1 for 2/1, and croniter 2-2 for a whole turn
        return str(a), frozenset({a})
    if shape == "list":
        numbers = sorted({a, b, chosen.randint(low, high)})
        return ",".join(map(str, numbers)), frozenset(numbers)
    if shape == "range":
        return f"{a}-{b}", frozenset(range(a, b + 1))
    if shape == "step":
        return f"*/{step}", frozenset(range(low, high + 1, step))
    step = min(step, b - a)
    return f"{a}-{b}/{step}", frozenset(range(a, b + 1, step))


def line(chosen: random.Random, *, seconds: bool = False) -> tuple[str, Line]:
    """Return a random cron line; about half of its fields are `*`."""
    star = {"*"}
    shapes = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
    texts, sets = [], []
    for position, (low, high) in enumerate(shapes):
        free = chosen.random() < (0.2, 0.1, 0.3, 0.6, 0.7, 0.6)[position]
        text, numbers = ("*", frozenset(range(low, high + 1))) if free else field(chosen, low, high)
        texts.append(text)
        sets.append(numbers)
    if not seconds:
        texts, sets[0] = texts[1:], frozenset({0})
    either = texts[-3][0] not in star and texts[-1][0] not in star
    second, minute, hour, day, month, week = sets
    return " ".join(texts), Line(hour, minute, second, day, month, week, either)
