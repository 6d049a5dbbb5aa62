"""The rules of the house that a machine can check, over every file that git tracks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Written in pieces, so that this file obeys its own rule.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npm",
    "deb." + "debian",
    "archive." + "ubuntu",
]
MACHINE_PATHS = ["/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/"]

# Nothing that reads a clock, draws at random, starts a thread, writes a log, or asks the system.
ALLOWED_IN_CORE = {
    "__future__", "abc", "bisect", "calendar", "collections", "contextlib", "copy", "dataclasses",
    "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "importlib",
    "itertools", "json", "math", "numbers", "operator", "re", "string", "struct", "textwrap",
    "traceback", "types", "typing", "unicodedata", "uuid", "zoneinfo",
}  # fmt: skip

FOREIGN_NOUN = re.compile(r"((?<![a-z])job|Job|JOB)s?(?![a-z])")

# Calls that read the machine's clock, by the last two parts of their name.
CLOCKS = {
    *(f"datetime.{name}" for name in ("now", "utcnow", "today")),
    "date.today",
    *(f"time.{name}{ns}" for name in ("time", "monotonic", "perf_counter") for ns in ("", "_ns")),
}


def tracked(*patterns: str) -> list[Path]:
    """Return the files git tracks, less those deleted in the work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def lines_matching(pattern: str, paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def nodes(*patterns: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield (place, node) for each node of each tracked Python file."""
    for path in tracked(*patterns):
        for node in ast.walk(ast.parse(path.read_text(), path)):
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a name or a chain of attributes, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def imported(node: ast.AST) -> list[str]:
    """Return what an import statement imports: `a.b` for `import a.b` and for `from a import b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return []


def identifiers(node: ast.AST) -> list[str]:
    """Return the names a node uses or defines."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=name, asname=other):
            return [*name.split("."), other or ""]
    return []


def clock_readings(*patterns: str) -> list[str]:
    return [
        f"{place}: {dotted(node.func)}()"
        for place, node in nodes(*patterns)
        if isinstance(node, ast.Call) and ".".join(dotted(node.func).split(".")[-2:]) in CLOCKS
    ]


def imports_of(modules: set[str], *patterns: str) -> list[str]:
    return [
        f"{place}: {name}"
        for place, node in nodes(*patterns)
        for name in imported(node)
        if name.split(".")[0] in modules
    ]


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    assert lines_matching("|".join(map(re.escape, REGISTRY_HOSTS + MACHINE_PATHS)), tracked()) == []


def test_requirements_hold_no_address():
    files = tracked("requirements")
    assert {path.name for path in files} == {"run.txt", "dev.txt"}
    assert lines_matching(r"://|^\s*-[^-]|^--(?!hash)", files) == []


def test_every_requirement_is_pinned_and_hashed():
    for path in tracked("requirements"):
        entries = re.split(r"\n(?=\S)", path.read_text().strip())
        loose = [
            entry.split("\n")[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry
        ]
        assert loose == []


def test_tests_do_not_sleep():
    paths = [path for path in tracked("tests/*.py") if ROOT / "tests/system" not in path.parents]
    assert lines_matching(r"\bsl" r"eep\(", paths) == []


def test_nothing_received_or_stored_is_executed():
    assert imports_of({"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}, "src/*.py") == []
    calls = [
        f"{place}: {dotted(node.func)}()"
        for place, node in nodes("src/*.py")
        if isinstance(node, ast.Call)
        and dotted(node.func) in {"eval", "exec", "yaml.load", "yaml.unsafe_load"}
    ]
    assert calls == []


def test_the_nouns_are_ours():
    """DESIGN has a noun for each thing, and this one is not among them."""
    used = {
        f"{place}: {name}"
        for place, node in nodes("src/*.py")
        for name in identifiers(node)
        if FOREIGN_NOUN.search(name)
    }
    assert sorted(used) == []


def test_the_core_imports_the_pure_standard_library_only():
    strange = [
        f"{place}: {name}"
        for place, node in nodes("src/rota/core/*.py")
        for name in imported(node)
        if name.split(".")[0] not in ALLOWED_IN_CORE and not name.startswith(("rota.core", "rota.errors"))
    ]
    assert strange == []


def test_the_tests_of_the_core_need_no_service():
    needy = [
        f"{place}: {name}"
        for place, node in nodes("tests/core/*.py")
        for name in imported(node)
        if name.startswith(("tests.services", "psycopg", "redis", "rota.stores"))
    ]
    assert needy == []


@pytest.mark.parametrize("folder", ["core", "stores"])
def test_the_clock_is_never_read(folder):
    pattern = f"src/rota/{folder}/*.py"
    assert clock_readings(pattern) == []
    assert imports_of({"time"}, pattern) == []  # so that none of its functions comes in under another name


def test_a_source_file_fits_in_the_head():
    # A database has one file of statements, each short and with its comment: it is looked things up in.
    files = [path for path in tracked("src") if path.suffix != ".sql"]
    long = {str(path.relative_to(ROOT)): count for path in files if (count := line_count(path)) >= 500}
    assert long == {}


def test_the_guide_for_contributors_stays_short():
    assert [line_count(path) for path in tracked("CONTRIBUTING.md") if line_count(path) >= 100] == []


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("datetime.datetime.now(UTC)", "datetime.now"),
        ("from time import time", "time.time"),
        ("run(job_id=3)", "job_id"),
        ("class JobStore: ...", "JobStore"),
        ("import x as add_job", "add_job"),
    ],
)
def test_the_rules_see_what_they_forbid(text, seen):
    facts = [
        found
        for node in ast.walk(ast.parse(text))
        for found in [dotted(node), *imported(node), *identifiers(node)]
        if found.endswith(seen)
    ]
    assert facts
    assert seen in CLOCKS or FOREIGN_NOUN.search(seen)


@pytest.mark.parametrize("name", ["jobless", "object", "Jobst"])
def test_the_foreign_noun_is_seen_as_a_word_only(name):
    assert not FOREIGN_NOUN.search(name)
