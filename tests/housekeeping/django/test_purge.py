"""What a purge deletes, and what it leaves."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import fsspec
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, models, transaction
from django.db.models.signals import post_delete
from django.test import override_settings

from rota import daily
from rota.errors import DuplicateName, InvalidValue
from rota.housekeeping.django import clear_sessions, orphans, purge
from rota.housekeeping.django.ages import older_before
from rota.housekeeping.django.rows import Rows, is_indexed, keys_after
from rota.housekeeping.django.sweep import rest_after
from rota.housekeeping.django.tally import Tally
from rota.housekeeping.django.transactions import in_transactions
from rota.housekeeping.errors import RowsFailed
from tests.housekeeping.django.project.models import (
    Conversation,
    Day,
    Invoice,
    Member,
    Message,
    Page,
    Receipt,
    Remark,
    Report,
    Ticket,
)

PARIS = ZoneInfo("Europe/Paris")
MONTH = timedelta(days=30)


def old_reports(**options):
    return purge(Report, older_than="30d", using="created_at", **options).function


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- which rows
@pytest.mark.parametrize("batch_size", [1, 4, 25, 26, 500])
def test_rows_that_are_too_old_go_and_no_others(reports, batch_size):
    told = old_reports(batch_size=batch_size)()
    assert told["deleted"] == 25
    assert told["finished"] is True
    assert set(Report.objects.values_list("pk", flat=True)) == {one.pk for one in reports[25:]}


def test_a_dry_run_counts_and_touches_nothing(reports, tmp_path):
    made = old_reports(archive=tmp_path / "archive", batch_size=4)
    assert made(dry_run=True) == {"would_be_deleted": 25, "dry_run": True}
    assert made(dry_run=True, max_batches=3) == {"would_be_deleted": 12, "dry_run": True}
    assert Report.objects.count() == 30
    assert not (tmp_path / "archive").exists()


def test_an_empty_table_is_no_trouble(database):
    assert old_reports()() == {"deleted": 0, "batches": 0, "longest_transaction_ms": 0, "finished": True}


def test_a_run_ends_at_its_limits_and_the_next_goes_on(reports):
    told = old_reports(batch_size=4, max_batches=2)()
    assert (told["deleted"], told["batches"], told["finished"]) == (8, 2, False)
    assert old_reports()()["deleted"] == 17


def test_no_batch_begins_after_the_time_is_up(reports):
    assert old_reports(batch_size=4, stop_after=timedelta(microseconds=1))()["finished"] is False
    assert Report.objects.count() > 5


def test_uuid_keys_and_an_age_without_an_index(database, now):
    Ticket.objects.bulk_create(Ticket(created_at=now - MONTH * (number % 2 + 0.5)) for number in range(40))
    told = purge("project.Ticket", older_than="30d", using="created_at", batch_size=7).function()
    assert told["deleted"] == 20
    assert Ticket.objects.filter(created_at__lt=now - MONTH).count() == 0
    assert Ticket.objects.count() == 20


def test_days_are_old_once_they_are_over(database, now):
    today = now.astimezone(PARIS).date()
    Day.objects.bulk_create(Day(on=today - timedelta(days=days)) for days in range(10))
    assert purge(Day, older_than="3d", using="on").function()["deleted"] == 6
    assert Day.objects.order_by("on").first().on == today - timedelta(days=3)


@override_settings(USE_TZ=False)
def test_wall_times_without_a_zone(database, now):
    # Two hours on either side: the test may run a month after the hour that clocks show twice.
    old, young = (now - MONTH + timedelta(hours=hours) for hours in (-2, 2))
    Ticket.objects.create(created_at=old.astimezone(PARIS).replace(tzinfo=None))
    kept = Ticket.objects.create(created_at=young.astimezone(PARIS).replace(tzinfo=None))
    assert purge(Ticket, older_than="30d", using="created_at").function()["deleted"] == 1
    assert Ticket.objects.get() == kept


@pytest.mark.parametrize(
    ("now", "age", "aware", "before"),
    [
        pytest.param("2026-05-02 10:00", "1d", True, utc("2026-05-01 10:00"), id="an instant"),
        pytest.param("2026-05-02 10:00", "1d", False, datetime(2026, 5, 1, 12), id="summer"),
        pytest.param("2026-10-25 01:30", "1h", False, datetime(2026, 10, 25, 1, 30), id="shown first"),
        pytest.param("2026-10-25 02:30", "1h", False, datetime(2026, 10, 25, 2, 30), id="shown again"),
        pytest.param("2026-03-29 02:30", "1h", False, datetime(2026, 3, 29, 3, 30), id="after the gap"),
    ],
)
def test_the_cutoff_of_a_datetime(now, age, aware, before):
    length = {"1d": timedelta(days=1), "1h": timedelta(hours=1)}[age]
    assert older_before(models.DateTimeField(), utc(now), length, PARIS, aware) == before


def test_the_cutoff_of_a_date_is_of_the_zone():
    at = utc("2026-05-01 22:30")  # the second of May in Paris
    assert older_before(models.DateField(), at, timedelta(days=1), PARIS, True) == date(2026, 5, 1)


def test_a_queryset_a_function_and_a_condition(reports, now):
    ones = Report.objects.filter(created_at__lt=now - timedelta(days=54.5))
    assert purge(Report, using=ones).function()["deleted"] == 1
    later = purge(Report, using=lambda at: Report.objects.filter(created_at__lt=at - timedelta(days=54)))
    assert later.function()["deleted"] == 1
    narrow = old_reports(where=models.Q(content=reports[0].content) | models.Q(pk=reports[24].pk))
    assert narrow()["deleted"] == 11


def test_the_order_is_that_of_an_index():
    assert is_indexed(Report, "created_at")
    assert not is_indexed(Ticket, "created_at")
    assert Rows.of(Report, "1d", "created_at").order() == ("created_at", "pk")
    assert Rows.of(Ticket, "1d", "created_at").order() == ("pk",)


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_pages_show_each_row_once_though_nothing_is_deleted(reports, limit):
    """Ten of the reports are of the same instant: the key tells them apart."""
    matching, seen, last = Report.objects.all(), [], None
    while page := keys_after(matching, ("created_at", "pk"), last, limit):
        seen += page
        last = page[-1]
    assert seen == sorted((one.created_at, one.pk) for one in reports)


def test_a_condition_that_joins_gives_each_row_once(reports):
    Page.objects.bulk_create(Page(report=one, text="a word") for one in reports for _ in range(3))
    words = {"where": {"page__text": "a word"}, "batch_size": 7}
    told = old_reports(action="expire", name="expire", **words)()
    assert (told["called"], told.get("skipped", 0)) == (25, 0)
    told = old_reports(**words)()
    assert (told["deleted"], told.get("skipped", 0)) == (25, 0)


def test_a_transaction_of_the_caller_takes_it_back(reports):
    with pytest.raises(InterruptedError), transaction.atomic():
        assert old_reports(batch_size=10)()["deleted"] == 25
        raise InterruptedError
    assert Report.objects.count() == 30


# -- what hangs on them
def test_cascades_set_null_and_protect(reports):
    Page.objects.bulk_create(Page(report=one) for one in reports for _ in range(2))
    Remark.objects.bulk_create(Remark(report=one) for one in reports)
    for one in (reports[3], reports[17]):
        Invoice.objects.create(report=one)
    told = old_reports(batch_size=10)()
    assert told["deleted"] == 23
    assert told["protected"] == 2
    assert told["cascaded"] == {"project.Page": 46}
    assert str(reports[3].pk) in told["problems"][0] + told["problems"][1]
    assert Remark.objects.filter(report=None).count() == 23
    assert old_reports()() | {"longest_transaction_ms": 0, "problems": []} == {
        "deleted": 0,
        "protected": 2,
        "problems": [],
        "batches": 1,
        "longest_transaction_ms": 0,
        "finished": True,
    }


@pytest.mark.parametrize("action", ["delete", "raw"])
def test_a_constraint_of_the_database_keeps_its_row_alone(reports, action):
    Receipt.objects.create(report=reports[7])
    told = old_reports(action=action)()
    assert (told["deleted"], told["protected"]) == (24, 1)
    assert Report.objects.filter(pk=reports[7].pk).exists()


def test_signals_are_sent_by_delete_and_not_by_raw(reports):
    seen = []

    def see(instance, **_):
        seen.append(instance.pk)

    post_delete.connect(see, sender=Report)
    try:
        old_reports(max_batches=1, batch_size=3)()
        assert len(seen) == 3
        old_reports(action="raw")()
        assert len(seen) == 3
    finally:
        post_delete.disconnect(see, sender=Report)
    assert Report.objects.count() == 5


def test_a_method_is_called_and_one_that_raises_harms_no_other(reports):
    Report.objects.filter(pk=reports[2].pk).update(content="cursed")
    made = old_reports(action="expire", where=~models.Q(status="expired"), batch_size=6)
    with pytest.raises(RowsFailed, match="1 rows failed, 24 went well") as caught:
        made()
    assert f"{reports[2].pk}: ValueError" in caught.value.problems[0]
    assert Report.objects.filter(status="expired").count() == 24
    assert made(dry_run=True)["would_be_called"] == 1


# -- others at the same time
def test_a_row_that_changed_meanwhile_is_left(reports, now):
    matching = Rows.of(Report, "30d", "created_at").matching()
    Report.objects.filter(pk=reports[0].pk).update(created_at=now)
    tally = Tally()
    in_transactions(matching, [one.pk for one in reports], lambda rows, of: _delete(rows, of), tally)
    assert (tally.done, tally.skipped) == (24, 6)
    assert Report.objects.filter(pk=reports[0].pk).exists()


def _delete(rows, tally):
    tally.done += rows.delete()[0]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_nobody_waits_for_a_row_that_is_locked(reports, database):
    with psycopg.connect(database) as stranger:
        stranger.execute("SELECT 1 FROM project_report WHERE id = %s FOR UPDATE", [reports[5].pk])
        told = old_reports()()
        assert (told["deleted"], told["skipped"]) == (24, 1)
    assert old_reports()()["deleted"] == 1


def test_two_at_once_delete_each_row_once(database, now):
    Report.objects.bulk_create(Report(created_at=now - MONTH * 2) for _ in range(2000))
    told, barrier = [], threading.Barrier(3)

    def run():
        barrier.wait()
        try:
            told.append(old_reports(batch_size=25)())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(told) == 3
    assert sum(one["deleted"] for one in told) == 2000
    assert Report.objects.count() == 0


def test_writers_go_on_meanwhile(database, now):
    Report.objects.bulk_create(Report(created_at=now - MONTH * 2) for _ in range(3000))
    written, ended, problems = [], threading.Event(), []

    def write():
        try:
            while not ended.is_set() or not written:
                written.append(Report.objects.create(created_at=now).pk)
        except Exception as error:
            problems.append(error)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    told = old_reports(batch_size=100)()
    ended.set()
    writer.join()
    assert problems == []
    assert told["deleted"] == 3000
    assert set(Report.objects.values_list("pk", flat=True)) == set(written)


@pytest.mark.parametrize(
    ("seconds", "row_locks", "rest"), [(0.02, False, 0.02), (3, False, 0.1), (3, True, 0)]
)
def test_a_writer_of_all_leaves_time_to_others(seconds, row_locks, rest):
    assert rest_after(seconds, row_locks) == rest


# -- archive
def lines(file):
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("action", ["delete", "raw"])
def test_rows_are_archived_and_can_be_brought_back(reports, tmp_path, action):
    told = old_reports(archive=tmp_path / "old", batch_size=10, action=action)()
    (file,) = (tmp_path / "old").iterdir()
    assert told["archived"] == told["deleted"] == 25
    assert {one["pk"] for one in lines(file)} == {one.pk for one in reports[:25]}
    call_command("loaddata", file, verbosity=0)
    assert {one.pk: one.created_at for one in Report.objects.all()} == {
        one.pk: one.created_at for one in reports
    }


def test_what_goes_with_a_row_is_archived_too(reports, tmp_path):
    Page.objects.bulk_create(Page(report=one, text=f"of {one.pk}") for one in reports)
    told = old_reports(archive=tmp_path)()
    (file,) = tmp_path.glob("*.jsonl")
    assert told["archived"] == 50
    assert {one["model"] for one in lines(file)} == {"project.report", "project.page"}


def test_an_archive_at_a_url(reports):
    store = fsspec.filesystem("memory")
    told = old_reports(archive="memory://old/reports", batch_size=10)()
    names = store.ls("/old/reports", detail=False)
    found = [json.loads(line) for name in names for line in store.cat(name).splitlines()]
    assert (len(names), len(found), told["archived"]) == (3, 25, 25)
    store.rm("/old", recursive=True)


def test_nothing_is_deleted_that_could_not_be_archived(reports, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError):
        old_reports(archive=tmp_path / "file")()
    assert Report.objects.count() == 30


# -- orphans
def test_messages_whose_conversation_is_gone(database, now):
    kept, gone = Conversation.objects.create(), Conversation.objects.create()
    Message.objects.bulk_create(Message(conversation=one) for one in (kept, kept, gone))
    Message.objects.create(conversation=None)
    Conversation.objects.filter(pk=gone.pk)._raw_delete("default")
    assert orphans(Message, missing="conversation").function()["deleted"] == 2
    assert set(Message.objects.values_list("conversation", flat=True)) == {kept.pk}


@pytest.mark.parametrize("missing", ["messages", "members"])
def test_conversations_without_the_other_side(database, missing):
    first, second = Conversation.objects.create(), Conversation.objects.create()
    Message.objects.create(conversation=first)
    second.members.add(Member.objects.create(name="one"))
    assert orphans(Conversation, missing=missing).function()["deleted"] == 1
    assert Conversation.objects.get() == (first if missing == "messages" else second)


def test_young_orphans_are_spared(database, now):
    Message.objects.create(created_at=now)
    Message.objects.create(created_at=now - timedelta(hours=1))
    made = orphans(Message, missing="conversation", older_than="5m", using="created_at").function
    assert made(dry_run=True)["would_be_deleted"] == 1
    assert made()["deleted"] == 1


def test_members_of_no_conversation(database):
    Member.objects.create(name="alone")
    Conversation.objects.create().members.add(Member.objects.create(name="one"))
    assert orphans(Member, missing="conversation").function()["deleted"] == 1
    assert Member.objects.get().name == "one"


# -- sessions
def test_sessions_that_have_ended(database, now):
    from django.contrib.sessions.models import Session

    for number in range(6):
        at = now + timedelta(days=number - 3)
        Session.objects.create(session_key=f"key-{number}", session_data="", expire_date=at)
    made = clear_sessions(batch_size=2).function
    assert made(dry_run=True)["would_be_deleted"] == 4
    assert made()["deleted"] == 4
    assert Session.objects.count() == 2


def test_sessions_in_files(database, tmp_path):
    with override_settings(
        SESSION_ENGINE="django.contrib.sessions.backends.file", SESSION_FILE_PATH=str(tmp_path)
    ):
        assert clear_sessions().function() == {"engine": "django.contrib.sessions.backends.file"}


# -- declared
def test_it_is_declared_in_one_line(rota, reports):
    name = rota.schedule(purge(Report, older_than="30d", using="created_at"), daily("02:00"))
    task = rota.registry.task(name)
    assert name == "purge-project.report"
    assert (task.options.tags, task.options.concurrency.key) == (("housekeeping",), name)
    assert task.place.startswith(f"{__name__}:")
    assert set(task.arguments.hints) == {"batch_size", "max_batches", "dry_run"}
    assert task(dry_run=True)["would_be_deleted"] == 25
    with rota.eager():
        task.enqueue()
    assert Report.objects.count() == 5


def test_one_task_may_have_several_schedules(rota):
    ready = purge(Report, older_than="30d", using="created_at")
    rota.schedule(ready, daily("02:00"))
    rota.schedule(ready, daily("14:00"), name="again", args={"max_batches": 10})
    assert set(rota.registry.schedules) == {"purge-project.report", "again"}
    with pytest.raises(DuplicateName, match=__name__):
        rota.schedule(purge(Report, older_than="1d", using="started_at"), daily("02:00"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "the whole table"),
        ({"older_than": "30d"}, "an age needs the name"),
        ({"using": "created_at"}, "an age needs the name"),
        ({"older_than": "30d", "using": "create_at"}, "Did you mean 'created_at'"),
        ({"older_than": "30d", "using": "status"}, "a date or datetime field"),
        ({"older_than": "a month", "using": "created_at"}, "write a duration"),
        ({"older_than": "-1d", "using": "created_at"}, "older_than"),
        ({"older_than": "30d", "using": "created_at", "batch_size": 0}, "from 1 to 10000"),
        ({"older_than": "30d", "using": "created_at", "max_batches": True}, "max_batches: True"),
        ({"older_than": "30d", "using": "created_at", "stop_after": "0s"}, "above zero"),
        ({"older_than": "30d", "using": "created_at", "action": "explode"}, "no such method"),
        ({"older_than": "30d", "using": "created_at", "action": "a b"}, "name of a method"),
        ({"older_than": "30d", "using": "created_at", "archive": ""}, "it must be a folder"),
        ({"older_than": "30d", "using": "created_at", "before": print}, "a task such as backup"),
        ({"older_than": "30d", "using": "created_at", "where": "status=1"}, "a Q, or a dict"),
    ],
)
def test_a_bad_value_is_refused_when_declared(options, message):
    with pytest.raises(InvalidValue, match=message):
        purge(Report, **options)


def test_an_unknown_model_or_relation_is_refused():
    with pytest.raises(InvalidValue, match="no installed app"):
        purge("project.Nothing", older_than="1d", using="at").function()
    with pytest.raises(InvalidValue, match="Did you mean 'conversation'"):
        orphans(Message, missing="conversatio")
    with pytest.raises(InvalidValue, match="no relation"):
        orphans(Message, missing="created_at")


def test_a_slice_is_refused(reports):
    with pytest.raises(InvalidValue, match="max_batches"):
        purge(Report, using=Report.objects.all()[:3]).function()
