"""Nothing on a page moves by itself: not while it is drawn, and not when a poll has found nothing new."""

import pytest

WATCH = """() => new Promise((done) => {
    const seen = [];
    const says = (one) => one.sources.map((each) => each.node?.outerHTML?.slice(0, 120) ?? "text");
    const own = (list) => list.filter((one) => !one.hadRecentInput);
    const note = (list) => own(list).forEach((one) => seen.push([one.value, says(one)]));
    const observer = new PerformanceObserver((list) => note(list.getEntries()));
    observer.observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => { note(observer.takeRecords()); done(seen); }));
})"""
LIVE = [
    "overview",
    "timeline",
    "runs",
    "run that failed",
    "run that runs",
    "errors",
    "nodes",
    "audit",
]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", LIVE)
def test_nothing_moves_while_a_page_is_drawn_nor_while_it_polls(served, visit, name, width):
    page = visit(served.pages[name], width, "light")
    assert page.evaluate(WATCH) == []
    with page.expect_response(lambda answer: "x-rota-live" in answer.request.headers, timeout=60_000):
        pass
    assert page.evaluate(WATCH) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_time_goes_by(served, visit, width):
    page = visit("/settings", width, "light")
    page.clock.install()
    moved = {}
    for name in [*LIVE, "error", "settings"]:
        page.goto(served.base + served.pages[name])
        for step in ("00:50", "08:00", "32:00", "21:10:00", "30:00:00"):
            page.clock.fast_forward(step)
            moved[name, step] = page.evaluate(WATCH)
    assert {where: seen for where, seen in moved.items() if seen} == {}


SLOW = {"offline": False, "latency": 20, "downloadThroughput": 30 * 1024, "uploadThroughput": 30 * 1024}


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_a_page_comes_in_pieces_over_a_slow_line(served, visit, width):
    page = visit(served.pages["nodes"], width, "light")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    line.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    for name in ("runs", "overview"):
        page.goto(served.base + served.pages[name])
        assert page.evaluate(WATCH) == [], name


def test_a_shift_would_be_seen(served, visit):
    page = visit("/", 1440, "light")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('afterbegin', '<p>moved</p>'.repeat(9))")
    assert page.evaluate(WATCH) != []
