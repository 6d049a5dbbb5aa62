"""What the pages link to exists, and every guarantee names the tests that show it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
PROMISE = re.compile(r"^- \*\*(I\d+)\*\* (.*?)(?=^- |^$)", re.MULTILINE | re.DOTALL)


def links(text):
    """Return words and target of the links within the repository."""
    return [(words, target) for words, target in LINK.findall(text) if "://" not in target]


def promises():
    return PROMISE.findall((ROOT / "docs" / "guarantees.md").read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    targets = [target.partition("#")[0] for _, target in links(page.read_text("utf-8"))]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_promise_is_there_once():
    assert [code for code, _ in promises()] == [f"I{number}" for number in range(1, 28)]


@pytest.mark.parametrize(("code", "text"), promises(), ids=[code for code, _ in promises()])
def test_the_tests_of_a_promise_exist(code, text):
    shown = links(text)
    assert shown
    for words, target in shown:
        file, name = ROOT / "docs" / target, words.strip("`")
        assert file.name.startswith("test_")
        assert name == file.name or f"def {name}(" in file.read_text("utf-8")
