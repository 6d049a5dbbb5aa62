"""The timeline: a lane per schedule, past runs solid, future ones outlined, and the same as a table."""

import re
from datetime import timedelta

import pytest

from rota.core.records import RunState
from rota.operations import changing
from rota.operations.actor import Actor, Role
from rota.operations.shapes import utc
from rota.operations.timeline import SPANS
from tests.web.ui.conftest import text_of


def test_each_schedule_has_its_lane_with_what_ran_and_what_is_planned(viewer):
    page = viewer.page("/timeline?span=6h")
    lanes = dict(
        re.findall(r'<svg class="chart" height="34" role="group" aria-label="(\w+)">(.*?)</svg>', page, re.S)
    )
    assert set(lanes) == {"charges", "counts", "greetings"}
    for name, lane in lanes.items():
        past = [run.id for run in viewer.runs(schedule=name, limit=500)]
        assert set(re.findall(r'href="/runs/([^"]+)"', lane)) == set(past)
        assert lane.count("f-planned") >= 3
    assert lanes["charges"].count('class="f-bad"') == len(viewer.runs(schedule="charges"))


def test_bars_lie_inside_the_picture(viewer):
    for span in SPANS:
        page = viewer.page(f"/timeline?span={span}")
        places = [float(x) for x in re.findall(r'<rect class="f-[\w ]+" x="([\d.]+)%"', page)]
        assert places
        assert all(0 <= x <= 100 for x in places)


def test_the_table_says_the_same(viewer):
    page = viewer.page("/timeline")
    table = page[page.index("The same as a table") :]
    for run in viewer.runs(limit=500):
        assert f'href="/runs/{run.id}"' in table
    assert text_of(table).count("✕ failed") == len(viewer.runs(states=(RunState.FAILED,)))


def test_a_span_that_there_is_not_is_refused(viewer):
    answer = viewer.get("/timeline?span=9y")
    assert answer.status_code == 400
    assert "1h, 6h, 24h, 7d, 30d" in answer.text


@pytest.mark.parametrize("span", SPANS)
def test_a_lane_is_named_after_anything(viewer, span):
    viewer.rota.schedule("greet", "every 10m", name="<b>&\"'/ ü")
    viewer.rota.sync()
    page = viewer.page(f"/timeline?span={span}")
    assert "&lt;b&gt;&amp;&#34;&#39;/ ü" in page
    assert "<b>" not in page


def test_a_pause_is_drawn_and_told_with_its_reason(viewer):
    changing.pause(
        viewer.rota, ["charges", "counts"], Actor("bob", Role.OPERATOR, "test"), "New <card> terminal"
    )
    page = viewer.page("/timeline")
    assert page.count('class="f-pause" x=') == 2 + 1  # and the legend
    assert "New &lt;card&gt; terminal" in page
    assert "paused charges , counts by bob" in text_of(page)


def test_a_planned_pause_is_drawn_where_it_will_be_and_listed_as_planned(viewer):
    now = viewer.rota.clock.now()
    window = {"start": now + timedelta(hours=1), "until": now + timedelta(hours=2)}
    changing.pause(viewer.rota, ["charges", "counts"], Actor("bob", Role.OPERATOR, "test"), "card", **window)
    far = now + timedelta(days=9)
    changing.pause(viewer.rota, "greetings", Actor("bob", Role.OPERATOR, "test"), "holiday", start=far)
    page = viewer.page("/timeline?span=6h")
    assert page.count('class="f-pause" x=') == 2 + 1  # and the legend
    bars = re.findall(r'class="f-pause" x="([\d.]+)%" y="\d+" width="([\d.]+)%"', page)
    [now_at] = set(re.findall(r'<line class="now" x1="([\d.]+)%"', page))
    assert all(float(x) > float(now_at) and float(wide) < 12 for x, wide in bars)
    text = text_of(page)
    assert "planned charges , counts by bob" in text
    assert "planned greetings by bob" in text  # however far ahead
    lane = re.search(r'aria-label="charges">(.*?)</svg>', page, re.S)[1]
    inside = [f"planned: {utc(at)}" for at in (window["start"], window["start"] + timedelta(minutes=30))]
    assert not [one for one in inside if one in lane]


def test_the_expected_load_is_drawn_and_told(viewer):
    page = viewer.page("/timeline?span=24h")
    assert page.count('class="f-load"') >= 5
    assert "Expected load busiest:" in text_of(page)
    assert re.search(r"\d\d Mar \d\d:\d\d to \d\d Mar \d\d:\d\d UTC: \d+ runs", page)


def test_lanes_are_filtered_by_the_address(viewer):
    page = viewer.page("/timeline?tag=money&span=24h")
    assert re.findall(r'role="group" aria-label="(\w+)"', page) == ["charges"]
    assert 'href="/timeline?span=7d&amp;tag=money"' in page
