"""The example `django_chat`, followed as its README says: commands, the server, pages and the API."""

from __future__ import annotations

import quopri
import re
from pathlib import Path

import jwt
import pytest

from tests.examples.chat import chat_in, wait_until

API = "/api/admin/scheduler"
DUTIES = ["conversations", "messages", "stats", "users"]
PASSWORD = "a long walk"
SECRET = "of this example: everybody knows it"
WIDTHS = [pytest.param(1440, id="desktop"), pytest.param(390, id="phone")]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def database(kind, request):
    """The URL of an empty database; none: the file that the example has."""
    if kind == "sqlite":
        yield ""
        return
    server = request.getfixturevalue("_postgres_cluster")
    server.start()
    url = server.create_database()
    yield url
    server.start()
    server.drop_database(url)


@pytest.fixture(scope="module")
def chat(database, tmp_path_factory):
    """The example, set up and served by the first block of its README."""
    made = chat_in(tmp_path_factory.mktemp("chat"), database)
    change, install, *setup, serve = made.blocks()[0]
    assert install.startswith("pip install '../..[")
    assert change == "cd examples/django_chat"
    made.follow([change, *setup], made.folder)
    with made.serving(serve):
        wait_until(lambda: "running on" in made.manage("scheduler_info"), made.said)
        yield made


@pytest.fixture
def visit(chat, chromium):
    """Open pages; what goes wrong in their consoles fails the test."""
    contexts, wrong = [], []

    def open_(path="/", name="", width=1440, theme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(chat.url + path)
        if name:
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def token(chat, name="ann"):
    status, said = chat.curl("/api/token", "-d", f"username={name}", "-d", f"password={PASSWORD}")
    assert status == 200, said
    return said


def test_the_commands_tell_and_do_what_is_to_be_done(chat):
    told = chat.manage("scheduler_info")
    for duty, when in (
        ("conversations", "At 03:00 on Sundays"),
        ("messages", "Every day at 02:00"),
        ("stats", "At 00:00, 06:00, 12:00 and 18:00 every day"),
        ("users", "Every day at 02:00"),
    ):
        assert re.search(rf"^{duty} +{re.escape(when)} +\w\w\w \d\d \w\w\w \d{{4}} \d\d:00 \+", told, re.M), (
            told
        )
    assert "rota." not in told

    chat.manage("run_housekeeping")  # whatever other tests have left
    backups = chat.home / "backups"
    before, were = counts(chat), set(backups.iterdir())
    chat.manage("fill_chat")
    done = chat.manage("run_housekeeping", "--task", "messages")
    assert re.fullmatch(r"messages: 3 deleted, backup in (.*)\n", done), done
    assert Path(done.split("backup in ")[1].strip()).stat().st_size > 0
    # The messages of the conversation that goes are orphans then, and go as well.
    done = chat.manage("run_housekeeping").splitlines()
    assert [line.partition(",")[0] for line in done[:3]] == [
        "conversations: 1 deleted",
        "messages: 2 deleted",
        "users: 1 deleted",
    ]
    now = counts(chat)
    assert (now["conversations"], now["messages"]) == (before["conversations"] + 1, before["messages"] + 2)
    assert (now["users"], now["unverified"]) == (before["users"], 0)
    assert len(set(backups.iterdir()) - were) == 4
    assert chat.manage("run_housekeeping", "--task", "users") == "users: 0 deleted\n"
    assert chat.manage("scheduler_info").count("succeeded, ") == 4


def counts(chat):
    told = chat.manage("run_housekeeping", "--task", "stats").removeprefix("stats: ")
    return {what: int(count) for count, what in (one.split() for one in told.split(","))}


def test_a_duty_that_fails_is_told_by_the_exit_code_and_deletes_nothing(tmp_path):
    chat = chat_in(tmp_path, "")
    chat.environment["CHAT_BACKUPS"] = "/dev/null/backups"  # where no folder can be made
    chat.manage("migrate", "-v0")
    chat.manage("fill_chat")
    told = chat.follow(["! python manage.py run_housekeeping --task users 2>&1"])
    assert "users: failed, and is tried again later: the backup of database" in told
    assert "Not done: users." in told
    assert chat.manage("shell", "-v0", "-c", f'"{GUESTS}"') == "1\n"


GUESTS = "from chat.models import User; print(User.objects.filter(username='guest').count())"


def test_the_other_blocks_of_the_readme_run_as_written(chat):
    by_hand, programs, (test_mode,) = chat.blocks()[1:]
    chat.follow(by_hand)
    told = chat.follow(programs)
    assert '"running":true' in told.replace(" ", "")
    assert '"triggered":["stats"]' in told.replace(" ", "")
    assert test_mode.startswith("CHAT_TEST_MODE=1 ")


def test_the_api_takes_tokens_and_nothing_else(chat):
    assert chat.curl(f"{API}/status")[0] == 401
    forged = {"sub": "eve", "role": "admin", "iss": "chat", "aud": "rota", "iat": 1, "exp": 9_999_999_999}
    for claims, secret in ((forged, "another secret, of the same length"), ({**forged, "exp": 2}, SECRET)):
        bad = jwt.encode(claims, secret, algorithm="HS256")
        assert chat.curl(f"{API}/status", token=bad)[0] == 401
    viewer = jwt.encode({**forged, "role": "viewer"}, SECRET, algorithm="HS256")
    assert chat.curl(f"{API}/status", token=viewer)[0] == 200
    assert chat.curl(f"{API}/trigger", "--json", '{"task": "stats"}', token=viewer)[0] == 403
    wrong = chat.curl("/api/token", "-d", "username=ann", "-d", "password=guess")
    assert wrong == (403, "No such user, or one who may not look at the scheduler.\n")


def test_the_api_tells_triggers_and_counts(chat):
    by = token(chat)
    status, said = chat.curl(f"{API}/status", token=by)
    assert (status, said["running"]) == (200, True)
    assert sorted(one["id"] for one in said["jobs"] if not one["id"].startswith("rota.")) == DUTIES
    before = chat.curl(f"{API}/statistics", token=by)[1]
    status, said = chat.curl(f"{API}/trigger", "--json", '{"task": "all"}', token=by)
    assert status == 200
    assert set(DUTIES) <= set(said["triggered"])

    def ended():
        now = chat.curl(f"{API}/statistics", token=by)[1]["runs"]
        return sum(now.values()) - now.get("pending", 0) - now.get("running", 0)

    wanted = sum(before["runs"].values()) + len(said["triggered"])
    wait_until(lambda: ended() >= wanted, lambda: f"runs were left\n{chat.said()}")
    status, said = chat.curl(f"{API}/trigger", "--json", '{"task": "stat"}', token=by)
    assert status == 404
    assert "stats" in str(said)


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_joins_is_verified_and_talks(chat, visit, width):
    name = f"carol{width}"
    page = visit("/join/", width=width)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email address").fill(f"{name}@example.org")
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.get_by_text("A link to verify your address is on its way.").wait_for()
    wait_until(lambda: f"To: {name}@example.org" in chat.said(), chat.said)
    mails = quopri.decodestring(chat.said()).decode()  # as of Django 6, lines that are long come so
    links = re.findall(rf"{chat.url}/verify/\S+", mails)
    page.goto(links[-1])
    page.get_by_text(f"{name} is verified.").wait_for()
    page.get_by_label("Begin a conversation").fill("Holidays")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Message").fill("Where to?")
    page.get_by_role("button", name="Send").click()
    page.locator("li.mine").get_by_text("Where to?").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Delete this conversation").click()
    page.get_by_text("There is none yet.").wait_for()
    assert page.goto(f"{chat.url}/scheduler-admin/").status == 403


def test_a_link_that_was_made_up_verifies_nobody(chat):
    assert chat.curl("/verify/MQ:1abcde:forged/")[0] == 404


def test_nobody_sees_the_dashboard_without_signing_in(chat, visit):
    page = visit("/scheduler-admin/")
    assert page.url.startswith(f"{chat.url}/login/?next=/scheduler-admin/")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_dashboard_runs_a_duty_by_one_click_and_shows_its_end(chat, visit, width):
    page = visit("/scheduler-admin/", name="ann", width=width)
    page.get_by_role("heading", level=1).first.wait_for()
    assert page.url == f"{chat.url}/scheduler-admin/"
    page.goto(f"{chat.url}/scheduler-admin/schedules/stats")
    page.get_by_role("button", name="Run now").first.click()
    page.get_by_text("A run was made").wait_for()
    assert page.url == f"{chat.url}/scheduler-admin/schedules/stats"
    # Nobody reloads: the page looks for news by itself.
    runs = page.locator("main a[href*='/scheduler-admin/runs/']")
    before = runs.count()
    token_of_ann = token(chat)
    chat.curl(f"{API}/trigger", "--json", '{"task": "stats"}', token=token_of_ann)
    page.wait_for_function(
        "most => document.querySelectorAll(\"main a[href*='/scheduler-admin/runs/']\").length > most",
        arg=before,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_comes_every_five_minutes_in_test_mode(database, kind, tmp_path, request):
    if kind == "postgres":
        database = request.getfixturevalue("postgres_dsn")
    chat = chat_in(tmp_path, database)
    chat.environment["CHAT_TEST_MODE"] = "1"
    chat.manage("migrate", "-v0")
    (serve,) = chat.blocks()[-1]
    with chat.serving(serve):
        wait_until(lambda: "never" in chat.manage("scheduler_info"), chat.said)
        told = chat.manage("scheduler_info")
    assert "Mode       test: all every five minutes" in told
    assert len(re.findall(r"^(?:conversations|messages|stats|users) +Every 5 minutes ", told, re.M)) == 4, (
        told
    )
