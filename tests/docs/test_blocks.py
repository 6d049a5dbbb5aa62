"""Every code block of the README and the docs is run.

Python blocks of a page are executed from top to bottom in one namespace; a block that begins with
`# name.py` is also written to that file. Lines of console blocks that begin with `$ ` are executed in the
same folder, in order. A node is started, seen to join, and ended by SIGTERM. Lines that set up machines
(`make`, `pip`, `export`) are checked for what they name instead.

A page that sets Django up speaks of the application in `project/`, and has its Python blocks executed in a
process of their own: a process has one Django.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"
TABLES = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
"""
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NODES = ("run", "scheduler", "worker")
PATIENCE = 60


def blocks(page):
    return [(match[1], match[2]) for match in BLOCK.finditer(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_the_page_runs(page, tmp_path, monkeypatch, postgres_dsn):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT)]),
        "NO_COLOR": "1",
    }
    namespace = {"__name__": "page"}
    texts = [text for language, text in blocks(page) if language == "python"]
    alone = any("django.setup()" in text for text in texts)
    for language, text in blocks(page):
        if language == "python" and alone:
            run_alone(texts, environment)
            texts = []
        elif language == "python":
            run_python(text, namespace, page)
        elif language == "console":
            for line in text.splitlines():
                if line.startswith("$ "):
                    run_line(line[2:], environment, postgres_dsn)
        else:
            assert language in ("text", "toml", "json", "sql"), (
                f"{page.name}: a block of {language!r} is not run"
            )


def write_module(text):
    """Write a block that begins with the name of a module to that file."""
    if named := re.fullmatch(r"# (\w+\.py)", text.splitlines()[0]):
        Path(named[1]).write_text(text)


def run_alone(texts, environment):
    """Execute all Python blocks of a page, when it comes to the first of them."""
    for text in texts:
        write_module(text)
    if texts:
        done = subprocess.run(
            [sys.executable, "-c", "\n".join([TABLES, *texts])],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr


def run_python(text, namespace, page):
    write_module(text)
    exec(compile(text, f"{page.name}", "exec"), namespace)


def run_line(line, environment, postgres_dsn):
    words = shlex.split(line)
    if words[0] == "make":
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)
    elif words[0] == "pip":
        extras = re.findall(r"rota\[([\w,]+)\]", line)
        known = (ROOT / "pyproject.toml").read_text("utf-8")
        assert all(f"\n{one} = [" in known for extra in extras for one in extra.split(","))
    elif words[0] == "export":
        name, _, value = words[1].partition("=")
        environment[name] = postgres_dsn if value.startswith("postgresql://") else value
    elif words[0] == "rota" and words[1] in NODES:
        run_node(words, environment)
    else:
        done = subprocess.run(
            line, shell=True, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode in expected(words), f"$ {line}\n{done.stdout}{done.stderr}"


def expected(words):
    """`rota plan` ends with 4 when it finds drift, as on a page that has not synced yet."""
    return (0, 4) if words[:2] == ["rota", "plan"] else (0,)


def run_node(words, environment):
    seen = []
    with subprocess.Popen(
        words, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    ) as node:
        for line in node.stdout:
            seen.append(line)
            if "node joined" in line:
                node.send_signal(signal.SIGTERM)
    assert node.returncode == 0, "".join(seen)
    assert any("node joined" in line for line in seen), "".join(seen)
