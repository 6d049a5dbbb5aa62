"""The store in a database of Django's: one transaction with the caller's rows."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from rota.core.records import RunQuery
from rota.errors import InvalidValue, SchemaOutdated
from rota.stores import open_store
from tests.django.through import alias_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def confirm(rota):
    return rota.registry.task("confirm")


def runs_of(rota):
    return [run.id for run in rota.store.runs(RunQuery(rota=rota.name))]


def order_in(alias):
    from tests.django.project.shop.models import Order

    return Order.objects.using(alias).create(customer="ann")


def test_a_run_is_rolled_back_with_the_caller(rota, alias, confirm):
    def take_an_order():
        with transaction.atomic(using=alias):
            order = order_in(alias)
            made = confirm.enqueue(order=order.pk)
            assert runs_of(rota) == [made]
            raise OSError("the card was refused")

    with pytest.raises(OSError, match="refused"):
        take_an_order()
    assert runs_of(rota) == []


def test_a_run_is_committed_with_the_caller(rota, alias, confirm):
    rota.stand_alone().store.clock()  # a node is there: the file is in WAL mode
    with transaction.atomic(using=alias):
        made = confirm.enqueue(order=order_in(alias).pk)
        with closing(open_store(rota.stand_alone().settings.store)) as another:
            assert another.run(made) is None
    with closing(open_store(rota.stand_alone().settings.store)) as another:
        assert another.run(made) is not None


def test_a_savepoint_takes_its_runs_with_it(rota, alias, confirm):
    with transaction.atomic(using=alias):
        kept = confirm.enqueue(order=1)
        with pytest.raises(OSError), transaction.atomic(using=alias):
            confirm.enqueue_many([{"order": 2}, {"order": 3}])
            raise OSError
    assert runs_of(rota) == [kept]


def test_one_enqueue_is_one_query(rota, alias, confirm):
    rota.clock.now()
    with transaction.atomic(using=alias), CaptureQueriesContext(connections[alias]) as queries:
        confirm.enqueue(order=1)
    assert len(queries) == 1
    assert "rota_run" in queries.captured_queries[0]["sql"]


def test_an_operation_inside_a_transaction_is_undone_with_it(rota, alias):
    from rota.operations.actor import Actor
    from rota.operations.changing import pause
    from rota.operations.schedules import get_schedule

    rota.sync()
    with pytest.raises(OSError), transaction.atomic(using=alias):
        pause(rota, ["clearsessions"], Actor("ann"), reason="stock-taking")
        assert get_schedule(rota, "clearsessions").view.schedule.pause is not None
        raise OSError
    assert get_schedule(rota, "clearsessions").view.schedule.pause is None


def test_a_node_wakes_when_the_transaction_of_a_request_commits(rota, alias, confirm):
    """It hears through the database: the request and the node have nothing else in common."""
    node_store = rota.stand_alone().store
    node_store.clock()
    with closing(node_store.wakeup()) as wakeup:
        wakeup.wait(SECOND)
        with transaction.atomic(using=alias):
            confirm.enqueue(order=1)
        assert any("runs" in wakeup.wait(SECOND) for _ in range(20))


def test_a_node_runs_what_a_request_has_enqueued(rota, alias):
    with transaction.atomic(using=alias):
        made = rota.registry.task("ping").enqueue(word="hello")
    rota.tick()
    assert (rota.store.run(made).state, rota.store.run(made).result) == ("succeeded", "hello")


def test_a_database_made_by_the_command_line_is_taken_over(tmp_path, kind, request):
    url = f"sqlite:///{tmp_path / 'cli.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_dsn")
    with closing(open_store(url)) as store:
        store.migrate()
    with alias_of(url) as alias, connections[alias].cursor() as cursor:
        cursor.execute("SELECT step, name FROM rota_schema")
        assert cursor.fetchall() == [(1, "0001_first")]


def test_a_database_made_by_django_opens_with_the_command_line(rota):
    with closing(open_store(rota.stand_alone().settings.store)) as store:
        assert store.migrate(dry_run=True) == []
        assert store.generation("shop") is None


def test_the_tables_go_when_the_migration_is_taken_back(rota, alias):
    call_command("migrate", "rota", "zero", database=alias, verbosity=0)
    assert not [name for name in connections[alias].introspection.table_names() if name.startswith("rota_")]
    with pytest.raises(SchemaOutdated, match=f"manage.py migrate rota --database={alias}"):
        rota.store.generation("shop")
    call_command("migrate", "rota", database=alias, verbosity=0)
    assert rota.store.generation("shop") is None


def test_a_flush_leaves_no_row_behind(rota, alias, confirm):
    rota.registry.task("ping").enqueue()
    rota.tick()
    confirm.enqueue(order=2)
    call_command("flush", database=alias, interactive=False, verbosity=0)
    with connections[alias].cursor() as cursor:
        tables = [one for one in connections[alias].introspection.table_names() if one.startswith("rota_")]
        left = []
        for table in set(tables) - {"rota_schema"}:
            cursor.execute(f"SELECT count(*) FROM {table}")
            left += [table] * cursor.fetchone()[0]
    assert left == []


def test_the_models_say_what_the_migrations_say(rota):
    call_command("makemigrations", "rota", check_changes=True, dry_run=True, verbosity=0)


def test_the_mirrors_have_the_columns_of_the_tables(rota, alias):
    from django.apps import apps

    connection = connections[alias]
    with connection.cursor() as cursor:
        for model in apps.get_app_config("rota").get_models():
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
            mirrored = {field.column for field in model._meta.local_concrete_fields if field.column}
            assert mirrored <= {column.name for column in columns}, model
            list(model.objects.using(alias).all())


def test_a_mirror_reads_what_the_store_has_written(rota, alias, confirm):
    from rota.integrations.django.models import Run, Schedule

    rota.sync()
    made = confirm.enqueue(order=7)
    run = Run.objects.using(alias).get(pk=made)
    stored = rota.store.run(made)
    assert (run.id, run.args, run.created_at, run.state) == (
        stored.id,
        {"order": 7},
        stored.created_at,
        "pending",
    )
    assert Run.objects.using(alias).filter(created_at__lte=stored.created_at).count() == 1
    assert Run.objects.using(alias).filter(created_at__gt=stored.created_at).count() == 0
    schedule = Schedule.objects.using(alias).get(name="clearsessions")
    assert schedule.definition["timetable"] == "daily 02:00 in Europe/Zurich"
    assert schedule.next_due.tzinfo is not None


def test_another_connection_is_refused(rota, alias, confirm):
    with pytest.raises(InvalidValue, match="Leave it out"):
        confirm.enqueue(order=1, connection=connections[alias])


def test_a_database_in_memory_has_no_nodes():
    from rota.integrations.django.storage.native import native_url

    with (
        alias_of("sqlite:///:memory:", is_there=True) as alias,
        pytest.raises(InvalidValue, match="would find an empty one in memory"),
    ):
        native_url(connections[alias])
