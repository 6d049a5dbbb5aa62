"""Django's admin and the mounted UI in Chromium: accessible, whole at any width, silent in the console."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from django.urls import reverse

from rota.operations.lookups import schedule_named
from tests.django.faces.people import fill
from tests.django.faces.site import PASSWORD, Site, default_is, user
from tests.django.through import alias_of, migrated_file
from tests.web.browser.test_pages import complaints

UI = (
    "/", "/schedules", "/schedules/refunds/nightly", "/schedules/clearsessions?tab=configuration",
    "/schedules/clearsessions/edit", "/schedules/mark/pause", "/schedules/refunds/nightly/run", "/timeline",
    "/runs", "/errors", "/nodes", "/audit", "/settings", "/new-schedule", "/api/docs", "/schedules/nothing",
)  # fmt: skip
ADMIN = (
    "schedules", "paused schedules", "schedule", "user's schedule", "pause", "trigger", "history", "runs",
    "run", "nodes", "audit",
)  # fmt: skip
# Breadcrumbs, search and filters are Django's own, in every project.
OURS = {"include": [["#content-main"]], "exclude": [["#changelist-search"], ["#changelist-filter"]]}


@pytest.fixture(scope="module", autouse=True)
def _beside_an_event_loop():
    """Let Django work in this thread, in which Playwright has a loop: nothing here runs in that loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The project on an address of its own, over SQLite, with a history that the real runtime has made."""
    from rota.integrations.django import rota

    path = tmp_path_factory.mktemp("site") / "shop.db"
    shutil.copy(migrated_file(), path)
    before = rota.database
    with alias_of(f"sqlite:///{path}", is_there=True) as alias, default_is(alias):
        rota.use_database("default")
        rota.sync()
        user("root", is_superuser=True)
        ids = fill(rota)
        node = rota.node(("scheduler",), name="web-1")
        node.start()
        made = Site()
        yield SimpleNamespace(url=made.url, rota=rota, ids=ids)
        made.close()
        node.stop()
        rota.use_database(before)


@pytest.fixture(scope="module")
def signed_in(site, chromium):
    """The cookies of somebody who came to a page of Rota's, was sent to Django's sign-in, and back."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/rota/schedules?state=paused")
    assert page.url.startswith(f"{site.url}/admin/login/?next=")
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    assert page.url == f"{site.url}/rota/schedules?state=paused"
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(site, chromium, signed_in):
    """Open pages in a window of some width and theme; nothing may be wrong in its console."""
    contexts, wrong = [], []

    def open_(path: str, width: int = 1440, theme: str = "light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, storage_state=signed_in, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(site.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [one for one in wrong if "404 (Not Found)" not in one] == []


def admin_pages(site) -> dict[str, str]:
    def page(name: str, kind: str = "change", *more: str) -> str:
        return reverse(f"admin:rota_schedule_{kind}", args=[schedule_named(site.rota, name).id, *more])

    return {
        "schedules": "/admin/rota/schedule/",
        "paused schedules": "/admin/rota/schedule/?state=paused&q=mark",
        "schedule": page("clearsessions"),
        "user's schedule": page("refunds/nightly"),
        "pause": page("clearsessions", "act", "pause"),
        "trigger": page("refunds/nightly", "act", "trigger"),
        "history": page("clearsessions", "history"),
        "runs": "/admin/rota/run/",
        "run": reverse("admin:rota_run_change", args=[site.ids["failed"]]),
        "nodes": "/admin/rota/node/",
        "audit": "/admin/rota/auditline/",
    }


def looked_at(page, context: object = None) -> list[str]:
    """Return what is wrong with a page at any width, in any theme."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.reload()  # or links would be caught while their colour changes
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} {theme}: {one}" for one in complaints(page, context)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{width}: it hangs over")
    return found


@pytest.mark.parametrize("path", UI)
def test_a_page_of_the_mounted_ui_is_accessible_and_whole(site, visit, path):
    assert looked_at(visit(f"/rota{path}")) == []


@pytest.mark.parametrize("name", ADMIN)
def test_a_page_of_the_admin_is_accessible_and_whole(site, visit, name):
    assert looked_at(visit(admin_pages(site)[name]), OURS) == []


def test_a_schedule_is_paused_and_resumed_in_the_admin(site, visit):
    page = visit("/admin/rota/schedule/?q=clearsessions")
    page.check("input[name=_selected_action]")
    page.select_option("select[name=action]", "pause")
    page.click("button[name=index]")
    page.fill("#id_reason", "moving house")
    page.fill("#id_until", "2h")
    page.click("input[type=submit][value=Pause]")
    assert "Pause. clearsessions: paused until" in page.inner_text(".messagelist")
    assert "paused" in page.inner_text("#result_list")
    assert page.url.endswith("?q=clearsessions")
    page.click("#result_list .field-name_ a")
    page.click(".object-tools >> text=Resume")
    page.click("input[type=submit][value=Resume]")
    assert "active" in page.inner_text(".field-state_")
    page.click(".object-tools >> text=History")
    assert "moving house" in page.inner_text("#change-history")


def test_a_timetable_is_changed_in_the_admin_and_seen_in_the_ui(site, visit):
    page = visit(admin_pages(site)["schedule"])
    page.fill("#id_timetable", "every blue moon")
    page.click("input[name=_continue]")
    assert "is not understood" in page.inner_text(".field-timetable .errorlist")
    page.fill("#id_timetable", "weekly mon,fri 17:00")
    page.fill("#id_reason", "twice is enough")
    page.click("input[name=_continue]")
    assert "weekly mon,fri 17:00" in page.inner_text(".messagelist")
    page.click(".object-tools >> text=Open in Rota")
    assert page.url == f"{site.url}/rota/schedules/~Y2xlYXJzZXNzaW9ucw"
    assert "Monday" in page.inner_text("main") and "Friday" in page.inner_text("main")
    page.click("nav[aria-label='About this schedule'] >> text=Audit")
    assert "twice is enough" in page.inner_text("main")


def test_a_schedule_is_run_in_the_mounted_ui(site, visit):
    page = visit("/rota/schedules/refunds/nightly")
    page.click("text=Run with")
    page.click("main form button.primary")
    page.wait_for_selector("text=A run was made")
    assert page.url == f"{site.url}/rota/schedules/refunds/nightly"


def test_the_preview_follows_what_is_typed_in_the_mounted_ui(site, visit):
    page = visit("/rota/schedules/refunds/nightly/edit")
    page.fill("input[name=timetable]", "every 20m")
    page.wait_for_selector("text=Every 20 minutes")
