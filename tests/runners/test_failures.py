"""Errors of every kind are stored, bounded, and harm nobody."""

from __future__ import annotations

import pytest

from rota.runners.local.failures import failure_of


class Rude(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


class Suicidal(Exception):
    def __str__(self) -> str:
        raise SystemExit(1)


class Text(str):
    def __getitem__(self, item: object) -> str:
        raise RuntimeError("no")

    def encode(self, *args: object) -> bytes:
        raise RuntimeError("no")


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(Rude(), "str() raised RuntimeError", id="str raises"),
        pytest.param(Suicidal(), "str() raised SystemExit", id="str exits"),
        pytest.param(ValueError("nul \0 lone \ud800"), "nul \\x00 lone \\ud800", id="refused by databases"),
        pytest.param(ValueError(Text("odd text")), "odd text", id="a str with methods of its own"),
        pytest.param(ValueError(), "", id="nothing"),
        pytest.param(KeyError("x"), "'x'", id="KeyError"),
    ],
)
def test_the_message_is_what_the_error_says_if_it_can(error, says):
    failure = failure_of(raised(error))
    assert says in failure.message
    (failure.message + failure.traceback + failure.kind).encode()


def test_a_message_of_fifty_megabytes_is_cut():
    failure = failure_of(raised(ValueError("x" * 50_000_000)))
    assert len(failure.message) < 11_000
    assert failure.message.endswith("(cut)")
    assert len(failure.traceback) < 3_000


def test_a_deep_recursion_keeps_both_ends():
    def recurse(n: int) -> None:
        recurse(n + 1)

    with pytest.raises(RecursionError) as caught:
        recurse(0)
    failure = failure_of(caught.value)
    assert "frames left out" in failure.traceback
    assert len(failure.traceback) < 20_000


def test_causes_contexts_and_notes_are_told_oldest_first():
    try:
        try:
            try:
                raise KeyError("the forgotten" + " one")
            except KeyError:
                raise OSError("second") from None
        except OSError as error:
            raise ValueError("third") from error
    except ValueError as error:
        error.add_note("look here")
        text = failure_of(error).traceback
    assert "the forgotten one" not in text
    assert text.index("OSError: second") < text.index("direct cause") < text.index("ValueError: third")
    assert text.endswith("look here\n")


def test_a_chain_that_bites_its_tail_ends():
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert "one" in failure_of(one).traceback


def test_the_members_of_a_group_are_named():
    failure = failure_of(raised(ExceptionGroup("several", [ValueError("a"), OSError("b")])))
    assert "with ValueError: a" in failure.traceback
    assert "with OSError: b" in failure.traceback
    assert failure.message == "several (2 sub-exceptions)"


def test_names_are_those_of_the_class_and_its_bases():
    names = failure_of(ConnectionResetError()).names
    assert names[:2] == ("ConnectionResetError", "builtins.ConnectionResetError")
    assert {"ConnectionError", "OSError", "Exception", "builtins.Exception", "BaseException"} <= set(names)
    assert "object" not in names


def test_the_kind_is_dotted_unless_it_is_a_builtin():
    assert failure_of(ValueError()).kind == "ValueError"
    assert failure_of(Rude()).kind.endswith("test_failures.Rude")


def test_no_local_variable_is_shown(harness):
    def body():
        password = "hunter2"
        raise ValueError(len(password))

    failure = harness.run(body).failure
    assert "body" in failure.traceback
    assert "threads.py" not in failure.traceback
    assert failure.traceback.count("hunter2") == 0
