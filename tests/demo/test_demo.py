"""The demo as a stranger meets it: as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from rota.core.records import RunQuery, RunState
from rota.stores import open_store

COMMAND = [sys.executable, "-c", "from rota.cli import main; main()", "demo"]
FOREIGN = re.compile("ROTA_|SHOP_")
PATIENCE = 60  # seconds until a test is given up


def environment():
    return {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}


def demo(folder, *options, **variables):
    return subprocess.run(
        [*COMMAND, *options],
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def rows(output):
    """Return the rows before and after of each table, as the summary tells them."""
    found = re.findall(r"^([a-z ]+?) +([\d,]+) +([\d,]+)(?: +[-+][\d,]+)?$", output, re.MULTILINE)
    return {
        name: (int(before.replace(",", "")), int(after.replace(",", ""))) for name, before, after in found
    }


def last_night(folder, schedule):
    """Return when a schedule was due, where the shop is, when it succeeded last."""
    with closing(open_store(f"sqlite:///{folder / 'rota.db'}")) as store:
        asked = RunQuery(rota="shop", schedule=schedule, states=(RunState.SUCCEEDED,))
        return f"{store.runs(asked)[0].planned_at.astimezone(ZoneInfo('Europe/Zurich')):%H:%M}"


def test_it_works_ends_by_itself_and_goes_on_at_the_next_start(tmp_path):
    first = demo(tmp_path, "--for", "6s", "--rows", "5000")
    assert (first.stderr, first.returncode) == ("", 0)
    before_and_after = rows(first.stdout)
    assert before_and_after["messages"][0] == 2250
    assert before_and_after["with content"][1] < before_and_after["with content"][0]
    assert re.search(r"^runs +\d+ succeeded", first.stdout, re.MULTILINE)
    assert re.search(r"^purged +[\d,]+ rows: ", first.stdout, re.MULTILINE)
    assert re.search(r"^progress +.*sync_inventory up to", first.stdout, re.MULTILINE)
    assert last_night(tmp_path / "rota-demo", "nightly_report") == "02:00"

    # The second start is ended by a signal, once something has been done.
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as second:
        assert second.stdout is not None
        output = []
        for line in second.stdout:
            output.append(line)
            if "  succeeded  " in line:
                second.send_signal(signal.SIGTERM)
                break
        output += second.stdout.readlines()
    assert second.returncode == 0
    assert output[0].startswith("Going on with rota-demo/shop.db")
    assert {name: before for name, (before, _) in rows("".join(output)).items()} == {
        name: after for name, (_, after) in before_and_after.items()
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--for", "banana"), "--for: 'banana' is refused"),
        (("--for", "10ms"), "--for: '10ms' is refused"),
        (("--rows", "many"), "--rows: 'many' is refused"),
        (("--folder", "mine"), "the folder mine can not be used: it holds 'notes.txt'"),
    ],
)
def test_wrong_input_is_refused_in_one_line(tmp_path, options, said):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    refused = demo(tmp_path, *options)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


def test_a_wrong_store_is_refused_before_anything_is_built(tmp_path):
    refused = demo(tmp_path, ROTA_STORE="banana")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "rota-demo" / "shop.db").exists()
