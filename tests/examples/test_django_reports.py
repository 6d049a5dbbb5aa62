"""The example that replaces home-made tables: its commands, as its reader would run them."""

import json
import os
import re
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.examples.projects import PATIENCE, ROOT, Project

FRIDAY = "2026-11-20T10:00:00Z"
SATURDAY = "2026-11-21T05:00:30Z"  # half a minute past six in Zurich
IMPORT, DAILY = "orders.tasks.import_orders", "reports.tasks.daily_report"
CLEAN = "cleanup.tasks.Cleanup.delete_old_mail"


@pytest.fixture
def project(tmp_path, database_url):
    project = Project("django_reports", tmp_path / "project", DATABASE_URL=database_url)
    project.steps((FRIDAY, "migrate", "-v0"), (FRIDAY, "sync_tasks"))
    return project


def states(project, task):
    return [(run["state"], run["attempt"]) for run in project.runs("--task", task)]


@pytest.fixture
def orders(project):
    """The file of orders as a pipe: who reads it waits for a writer."""
    path = project.folder / "orders.csv"
    text = path.read_text()
    path.unlink()
    os.mkfifo(path)
    return path, text


def begun(path, process):
    """Wait until the process reads the pipe, and return the end that it waits for."""
    while process.poll() is None:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
    raise AssertionError(process.stdout.read())


def test_the_commands_of_the_readme_work_as_written(tmp_path, database_url):
    project = Project("django_reports", tmp_path / "project", DATABASE_URL=database_url)
    text = (ROOT / "examples/django_reports/README.md").read_text("utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 10
    for at, line in enumerate(lines):
        if line.startswith("$ "):
            expected = [one for one in lines[at + 1 :] if one]
            stop = next((n for n, one in enumerate(expected) if one.startswith("$ ")), len(expected))
            run_line(project, line[2:], expected[:stop])


def run_line(project, line, expected):
    """Run a line, and compare with what the README shows of it; `...` stands for anything."""
    words = shlex.split(line, comments=True)
    if words[0] in ("cd", ".", "createdb", "export") or words[:3] == ["python", "-m", "venv"]:
        return  # of the reader's machine
    if words[0] == "pip":
        extras = re.findall(r"\[([\w,]+)\]", line)
        known = (ROOT / "pyproject.toml").read_text("utf-8")
        assert extras and all(f"\n{one} = [" in known for extra in extras for one in extra.split(","))
        return
    done = subprocess.run(
        line,
        shell=True,
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"$ {line}\n{done.stdout}"
    for one in expected:
        pattern = ".*".join(re.escape(part) for part in one.strip().split("..."))
        assert re.search(pattern, done.stdout), f"$ {line}\nexpected {one!r} in\n{done.stdout}"


def test_what_is_due_runs_once(project):
    first, second = project.steps((SATURDAY, "run_tasks", "--verbose"), (SATURDAY, "run_tasks"))
    assert f"{IMPORT} completed" in first
    assert f"{DAILY} completed" in first
    assert f"{CLEAN} completed" in first
    assert "weekly_report" not in first
    assert second == "nothing was due\n"
    assert states(project, DAILY) == [("succeeded", 1)]


def test_days_without_a_cron_line_are_made_up_for_once(project):
    project.manage("run_tasks", at="2026-11-30T12:00:00Z")
    assert states(project, DAILY).count(("succeeded", 1)) == 1
    assert states(project, "reports.tasks.weekly_report").count(("succeeded", 1)) == 1


def test_a_tag_takes_its_own_tasks(project):
    tagged, refused, rest = project.steps(
        (SATURDAY, "run_tasks", "--tag", "reports", "--verbose"),
        (SATURDAY, "run_tasks", "--tag", "report", 1),
        (SATURDAY, "run_tasks", "--verbose"),
    )
    assert f"{DAILY} completed" in tagged
    assert f"{IMPORT} completed" not in tagged
    assert "'report' is refused" in refused
    assert "Did you mean 'reports'?" in refused
    assert f"{IMPORT} completed" in rest
    assert f"{DAILY} completed" not in rest


def test_two_at_once_run_it_once(project, orders):
    path, text = orders
    with project.managing("run_tasks", "--tag", "orders", at=SATURDAY) as first:
        pipe = begun(path, first)
        assert project.manage("run_tasks", "--tag", "orders", at=SATURDAY) == "nothing was due\n"
        os.write(pipe, text.encode())
        os.close(pipe)
        said, _ = first.communicate(timeout=PATIENCE)
    assert said == "1 completed\n"
    assert states(project, IMPORT).count(("succeeded", 1)) == 1


@pytest.mark.parametrize(
    ("minutes", "before", "after"),
    [
        (10, "2026-11-21T05:10:29Z", "2026-11-21T05:10:31Z"),
        (0.5, "2026-11-21T05:00:59Z", "2026-11-21T05:01:01Z"),
    ],
)
def test_a_killed_run_is_taken_over_when_its_lock_has_expired(project, orders, minutes, before, after):
    project.rewrite("django_reports/settings.py", '_minutes": 10', f'_minutes": {minutes}')
    path, text = orders
    with project.managing("run_tasks", "--tag", "orders", at=SATURDAY) as first:
        begun(path, first)
        first.kill()
        first.wait(PATIENCE)
    path.unlink()
    path.write_text(text)

    assert "completed" not in project.manage("run_tasks", "--tag", "orders", at=before)
    assert ("running", 1) in states(project, IMPORT)
    said = project.manage("run_tasks", "--tag", "orders", at=after)
    assert f"{IMPORT} was lost" in said
    assert "1 completed" in said
    assert ("succeeded", 2) in states(project, IMPORT)


@pytest.fixture
def unsent(project):
    """A project whose daily report could not be mailed at six: the folder of the mails is a file."""
    (project.folder / "outbox").write_text("")
    project.steps(
        (SATURDAY, "run_tasks", "--tag", "orders"),
        (SATURDAY, "run_tasks", "--tag", "reports"),
    )
    return project


def retries(project):
    return project.python(
        "from rota.integrations.django.compat import retry_tasks\n"
        "from reports.tasks import send_report\n"
        "answer = [\n"
        "    [one.status, one.retry_count, one.max_retries, one.tag, one.kwargs, len(one.error_history)]\n"
        "    for one in retry_tasks(send_report)\n"
        "]"
    )


def test_a_failed_call_is_retried_until_it_succeeds(unsent):
    assert retries(unsent) == [["pending", 0, 3, "mail", {"report_id": 1}, 0]]
    early, late = unsent.steps(
        ("2026-11-21T05:05:29Z", "run_tasks", "--tag", "mail"),
        ("2026-11-21T05:05:31Z", "run_tasks", "--tag", "mail"),
    )
    assert early == "nothing was due\n"
    assert "send_report will be retried: " in late
    assert "not a directory" in late
    assert retries(unsent) == [["pending", 1, 3, "mail", {"report_id": 1}, 1]]

    (unsent.folder / "outbox").unlink()
    assert "1 completed" in unsent.manage("run_tasks", "--tag", "mail", at="2026-11-21T05:10:32Z")
    assert retries(unsent) == [["completed", 2, 3, "mail", {"report_id": 1}, 1]]
    (mail,) = (unsent.folder / "outbox").iterdir()
    assert "3 orders, 185.40 in all" in mail.read_text()


def test_a_call_that_never_succeeds_has_failed_after_the_last_retry(unsent):
    *_, last, after = unsent.steps(
        ("2026-11-21T05:05:31Z", "run_tasks", "--tag", "mail"),
        ("2026-11-21T05:10:32Z", "run_tasks", "--tag", "mail"),
        ("2026-11-21T05:15:33Z", "run_tasks", "--tag", "mail", 1),
        ("2026-11-21T12:00:00Z", "run_tasks", "--tag", "mail"),
    )
    assert "send_report failed" in last
    assert after == "nothing was due\n"
    assert retries(unsent) == [["failed", 3, 3, "mail", {"report_id": 1}, 3]]


EXECUTE = """
from django.db import transaction
from reports.models import Report
from reports.tasks import send_report, retryable_send
from rota.errors import RotaError
from rota.integrations.django.compat import create_retryable, retry_tasks

answer = {}
try:
    with transaction.atomic():
        retryable_send.execute(report_id=5)
        answer["seen by the caller"] = len(retry_tasks())
        raise OSError
except OSError:
    answer["after its rollback"] = len(retry_tasks())
with transaction.atomic():
    Report.objects.create(title="kept", text="")
    retryable_send.execute(report_id=5)
answer["after its commit"] = len(retry_tasks()), Report.objects.count()
for name, make in {
    "no function": lambda: create_retryable("reports.tasks.send_report"),
    "no path": lambda: create_retryable(lambda: None),
    "not known": lambda: create_retryable(len),
    "no tag": lambda: create_retryable(send_report, tag="post"),
    "retries": lambda: create_retryable(send_report, tag="mail", max_retries=-1),
    "delay": lambda: create_retryable(send_report, tag="mail", retry_delay_minutes="5"),
    "argument": lambda: retryable_send.execute(report=5),
}.items():
    try:
        make()
    except RotaError as error:
        answer[name] = str(error)
try:
    create_retryable(send_report, tag="mail", max_retries=0).execute(report_id=5)
except Report.DoesNotExist:
    answer["without retries"] = len(retry_tasks())
"""


def test_a_retry_belongs_to_the_transaction_of_its_caller(project):
    answer = project.python(EXECUTE)
    assert answer["seen by the caller"] == 1
    assert answer["after its rollback"] == 0
    assert answer["after its commit"] == [1, 1]
    assert answer["without retries"] == 1
    assert "func: 'reports.tasks.send_report' is refused; it must be a function" in answer["no function"]
    assert "it has no path by which another process finds it" in answer["no path"]
    assert "func: 'builtins.len' is refused; it is not known" in answer["not known"]
    assert "tag: 'post' is refused; it is not known" in answer["no tag"]
    assert "max_retries: -1 is refused" in answer["retries"]
    assert "retry_delay_minutes: '5' is refused" in answer["delay"]
    assert "Did you mean 'report_id'?" in answer["argument"]


def test_the_last_five_errors_stay_with_their_times(project):
    (project.folder / "orders.csv").unlink()
    passes = [(f"2026-11-21T{hour:02}:00:30Z", "run_tasks", "--tag", "orders", 1) for hour in range(6, 12)]
    project.steps(*passes)
    found = project.python(
        "from orders.tasks import import_orders\n"
        "from rota.integrations.django.compat import last_errors\n"
        "answer = [[one.timestamp.hour, one.error] for one in last_errors(import_orders)]"
    )
    assert [hour for hour, _ in found] == [11, 10, 9, 8, 7]
    assert all("FileNotFoundError" in error for _, error in found)


def test_sync_creates_updates_and_deactivates(project):
    project.rewrite("orders/tasks.py", "schedule_interval=10", "schedule_interval=20")
    project.rewrite("cleanup/tasks.py", "SCHEDULED_TASKS", "TASKS_OF_BEFORE")
    orders, planned, rest, run, refused = project.steps(
        (FRIDAY, "sync_tasks", "--app", "orders", "--verbose"),
        (FRIDAY, "sync_tasks", "--dry-run"),
        (FRIDAY, "sync_tasks"),
        (SATURDAY, "run_tasks", "--verbose"),
        (FRIDAY, "sync_tasks", "--app", "order", 1),
    )
    assert f"updated      {IMPORT}  (timetable: every 10m -> every 20m)\n" in orders
    assert "next run: Fri 20 Nov 2026 11:20 CET" in orders
    assert orders.endswith("\n1 updated\n")
    assert planned == "would be: 2 deactivated, 4 unchanged\n"
    assert rest == "2 deactivated, 4 unchanged\n"
    assert CLEAN not in run
    assert "'order' is refused" in refused
    assert "Did you mean 'orders'?" in refused

    project.rewrite("cleanup/tasks.py", "TASKS_OF_BEFORE", "SCHEDULED_TASKS")
    (restored,) = project.steps((SATURDAY, "sync_tasks"))
    assert restored == "2 activated, 4 unchanged\n"


def test_nothing_is_put_in_force_before_every_config_is_right(project):
    project.rewrite("reports/tasks.py", "schedule_hour=6, schedule_minute=0,", "schedule_hour=24,")
    project.rewrite("orders/tasks.py", '"minutes"', '"minute"')
    checked = project.manage("check", code=1)
    assert "schedule_hour: 24 is refused; it must be a whole number from 0 to 23" in checked
    assert "schedule_minute: None is refused; daily needs it" in checked
    assert "schedule_type: 'minute' is refused" in checked
    assert "Did you mean 'minutes'?" in checked
    (refused,) = project.steps((SATURDAY, "sync_tasks", 1))
    assert "is refused" in refused


def test_cleanup_deletes_what_ended_long_ago(project):
    passes = [(f"2026-11-{day}T06:00:30Z", "run_tasks", "--tag", "orders") for day in range(21, 28)]
    project.steps(*passes)
    project.rewrite("django_reports/settings.py", '"NAME": "reports"', '"NAME": "reports", "KEEP_RUNS": 0')
    cleanup, again, refused = project.steps(
        ("2026-11-28T19:00:00Z", "cleanup_tasks", "--days", "3"),
        ("2026-11-28T19:00:00Z", "cleanup_tasks", "--days", "3"),
        ("2026-11-28T19:00:00Z", "cleanup_tasks", "--days", "0", 1),
    )
    assert cleanup != "0 deleted\n"
    assert again == "0 deleted\n"
    assert "--days: 0.0 is refused" in refused
    assert states(project, IMPORT).count(("succeeded", 1)) == 2


def test_the_project_is_in_order(project):
    assert "no issues" in project.manage("check")
    project.steps((FRIDAY, "makemigrations", "--check", "--dry-run"))
    assert len(json.loads(project.manage("rota", "list", "--json"))) == 6


TABLES = Path(__file__).with_name("old_tables.py")


def test_the_rows_of_the_old_tables_are_compared_and_taken_over(project):
    assert project.python(TABLES.read_text("utf-8")) == "made"
    (seen,) = project.steps((FRIDAY, "import_task_tables", "--verbose"))
    assert f"same     {IMPORT}\n" in seen
    assert f"differs  {DAILY}\n" in seen
    assert "old Sat 21 Nov 2026 07:00 CET    rota Sat 21 Nov 2026 06:00 CET" in seen
    assert f"run now  {DAILY}  (it has been due since 2026-11-20 06:00 UTC)" in seen
    assert "problem  reports.tasks.gone  (no SCHEDULED_TASKS in force has this function" in seen
    assert "problem  reports.tasks.weekly_report  (schedule_type: 'yearly' is refused" in seen
    assert "leave    reports.tasks.older  (it is inactive)" in seen
    assert "retry    reports.tasks.send_report  (2 more tries)" in seen
    assert "report: 4 is refused; the task has no such argument. Did you mean 'report_id'?" in seen
    assert "3 leave, 3 problem, 1 retry, 1 run now, 1 same" in seen
    assert seen.endswith("nothing was done; --apply makes 2 runs\n")
    assert project.runs() == []

    zoned, done, again = project.steps(
        (FRIDAY, "import_task_tables", "--timezone", "Europe/Zurich"),
        (FRIDAY, "import_task_tables", "--apply"),
        (FRIDAY, "import_task_tables", "--apply"),
    )
    assert "differs" not in zoned
    assert done.endswith("done: 2 runs are there\n")
    assert again == done
    assert states(project, DAILY) == [("pending", 0)]
    assert retries(project) == [["pending", 0, 2, "mail", {"report_id": 7}, 0]]
