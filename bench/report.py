"""Tables of results: Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from bench.bars import verdicts
from bench.figures import Figure, Results, ratio

DOCS = Path(__file__).parent.parent / "docs" / "performance.md"
TITLES = {
    "drain": "Drain of no-op runs",
    "enqueue": "Enqueue",
    "latency": "Latency from enqueue to start, 50 per second",
    "burst": "Schedules due at one instant, all recorded as runs",
    "stored": "Many schedules stored",
    "change": "A schedule changed in the database is acted on",
    "cron": "Cron lines",
    "catchup": "Catch-up after 30 days off",
    "history": "History",
    "web": "The web face",
    "housekeeping": "Rows of a Django project purged while others write",
}


def write(results: Results, folder: Path) -> str:
    """Write `results.json` and `results.md`; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(results)
    (folder / "results.json").write_text(json.dumps(asdict(results), indent=1) + "\n")
    (folder / "results.md").write_text(text)
    return text


def write_docs(results: Results) -> None:
    """Put the tables into the page on performance."""
    replace_section("table", markdown(results))


def replace_section(name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` in the page."""
    page = DOCS.read_text()
    before, begin, rest = page.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not begin or not end:
        raise ValueError(f"{DOCS.name} has no section {name!r}")
    DOCS.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}")


def markdown(results: Results) -> str:
    parts = [_about(results), _verdicts(results)]
    for row, figures in groupby(results.figures, key=lambda one: one.row):
        parts.append(f"### {TITLES[row]}\n")
        parts += [_table(case, list(group)) for case, group in _cases(list(figures))]
    return "\n".join(parts)


def _cases(figures: list[Figure]) -> list[tuple[str, list[Figure]]]:
    """Group by case, cases in the order of their first figure."""
    groups: dict[str, list[Figure]] = {}
    for one in figures:
        groups.setdefault(one.case, []).append(one)
    return list(groups.items())


def _about(results: Results) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    versions = "; ".join(
        value if value.startswith(name) else f"{name} {value}" for name, value in results.versions.items()
    )
    lines = [f"Machine: {facts}.", f"Versions: {versions}.", f"Form: {results.form}, {results.took:.0f} s."]
    lines += [f"Not measured: {peer}: {why}" for peer, why in results.failed.items()]
    return "\n\n".join(lines) + "\n"


def _verdicts(results: Results) -> str:
    rows = [f"| {one.what} | {one.bar} | {one.reached} | {one.word} |" for one in verdicts(results.figures)]
    if not rows:
        return ""
    return "\n".join(["### The bars\n", "| what | bar | reached | |", "|---|---|---|---|", *rows, ""])


def _table(case: str, figures: list[Figure]) -> str:
    ours = [one for one in figures if one.is_ours and one.value]
    ranked = sorted(figures, key=lambda one: (one.value is None, not one.is_ours, _rank(one)))
    head = ["", figures[0].unit, *(f"{one.who} is" for one in ours), "settings", "note"]
    lines = [f"**{case}**\n", _line(head), _line(["---", *["---:"] * (1 + len(ours)), "---", "---"])]
    for one in ranked:
        ratios = ["" if one is reference else _times(ratio(reference, one)) for reference in ours]
        value = "failed" if one.value is None else number(one.value)
        lines.append(_line([one.who, value, *ratios, one.settings, one.error or one.note]))
    return "\n".join(lines) + "\n"


def _rank(figure: Figure) -> float:
    value = figure.value or 0.0
    return -value if figure.more_is_better else value


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2g} ×" if value < 10 else f"{value:,.0f} ×"


def number(value: float) -> str:
    """Return a number with three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
