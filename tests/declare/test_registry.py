"""What an application may declare, and what is refused."""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from rota import Backoff, CatchUp, Concurrency, Rota, RotaError, RunContext, cron, daily, every
from rota.core.policies import Growth, Overlap
from rota.errors import DuplicateName, InvalidArguments, InvalidValue, UnknownTask


@pytest.fixture
def rota():
    return Rota("shop", timezone="Europe/Zurich", housekeeping=False)


def declared(rota, name):
    return rota.registry.schedules[name].declared.definition


def test_a_task_is_called_as_ever(rota):
    @rota.task
    def double(number: int) -> int:
        """Double it."""
        return number * 2

    assert double(4) == 8
    assert double.name == "double"
    assert double.__doc__ == "Double it."
    assert double.options.description == "Double it."


def test_a_schedule_takes_the_name_and_the_defaults_of_its_task(rota):
    @rota.task(retries=3, time_limit="25m", hard_time_limit="30m", tags=["purge"], queue="slow", priority=5)
    def purge(batch_size: int = 100, dry_run: bool = False) -> dict: ...

    assert rota.schedule(purge, cron("0 * * * *")) == "purge"
    definition = declared(rota, "purge")
    assert definition.policy.retry.attempts == 4
    assert definition.policy.time_limit.soft == timedelta(minutes=25)
    assert definition.policy.time_limit.hard == timedelta(minutes=30)
    assert (definition.queue, definition.priority, definition.tags) == ("slow", 5, ("purge",))


def test_a_timetable_without_a_zone_takes_the_one_of_the_rota(rota):
    @rota.scheduled(daily("02:00"), catch_up="latest")
    def clear_sessions(): ...

    assert "Europe/Zurich" in declared(rota, "clear_sessions").timetable


def test_a_task_may_have_several_schedules(rota):
    @rota.task
    def retry_purges(limit: int): ...

    rota.schedule(retry_purges, every("5m"), name="purge-retries", overlap="skip", args={"limit": 50})
    rota.schedule(retry_purges, "daily 03:00", name="purge-all", overlap="allow", args={"limit": 5000})
    assert declared(rota, "purge-retries").args == {"limit": 50}
    assert declared(rota, "purge-all").overlap is Overlap.ALLOW


def test_a_long_list_of_excluded_days_can_be_read_back(rota):
    @rota.task
    def report(): ...

    days = [date(2026, 1, 1) + timedelta(days=7 * n) for n in range(100)]
    rota.schedule(report, daily("09:00"), exclude=days)
    from rota.core.planning import compiled

    timetable = compiled("report", declared(rota, "report"))
    assert timetable.next_after(datetime(2025, 12, 31, 12, tzinfo=UTC)) == datetime(2026, 1, 2, 8, tzinfo=UTC)


def test_two_tasks_of_one_name_are_refused_with_both_places(rota):
    def one(): ...

    rota.task(name="same")(one)
    with pytest.raises(DuplicateName, match=r"test_registry:\d+.*test_registry:\d+") as caught:
        rota.task(name="same")(lambda: None)
    assert caught.value.name == "same"


def test_two_schedules_of_one_name_are_refused_with_both_places(rota):
    @rota.task
    def one(): ...

    rota.schedule(one, "5m")
    with pytest.raises(DuplicateName, match=r"schedules are named 'one'.*test_registry:\d+"):
        rota.schedule(one, "10m")


def test_an_unknown_task_is_answered_with_the_nearest_name(rota):
    @rota.task(name="reports.nightly")
    def nightly(): ...

    with pytest.raises(UnknownTask, match=r"Did you mean 'reports.nightly'"):
        rota.schedule("reports.nightli", "5m")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retries": -1}, "retries: -1"),
        ({"retries": "3"}, "retries: '3'.*whole number"),
        ({"time_limit": "soon"}, "time_limit: 'soon'.*duration"),
        ({"time_limit": "30m", "hard_time_limit": "25m"}, "hard_time_limit.*longer than time_limit"),
        ({"queue": ""}, "queue: ''"),
        ({"queue": "a\nb"}, "control characters"),
        ({"queue": "q" * 201}, "201 characters"),
        ({"priority": 1001}, "priority: 1001"),
        ({"priority": True}, "priority: True"),
        ({"tags": "purge"}, r"Write \['purge'\]"),
        ({"executor": "fiber"}, "'thread', 'async', 'process'"),
        ({"executor": "async"}, "not a coroutine function"),
        ({"on_crash": "explode"}, "'retry', 'fail'"),
        ({"concurrency": ("mail", 0)}, "concurrency.limit: 0"),
        ({"backoff": "-5s"}, "backoff"),
        ({"retry_on": [3]}, "exception classes"),
        ({"memory_limit": 1}, "16 MiB"),
    ],
)
def test_an_option_of_a_task_that_can_not_be_used_is_refused(rota, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        rota.task(**options)(lambda: None)
    assert isinstance(caught.value, RotaError)


@pytest.mark.parametrize(
    ("timetable", "options", "message"),
    [
        ("0 0 * * 8", {}, "'0 0 \\* \\* 8': day-of-week 8 is out of range 0-7"),
        ("0 0 30 2 *", {}, "never"),
        (42, {}, "timetable: 42"),
        ("5m", {"start": datetime(2026, 1, 1)}, "start.*no zone"),
        ("5m", {"max_runs": 0}, "max_runs: 0"),
        ("5m", {"jitter": "2d"}, "jitter: '2d'"),
        ("5m", {"overlap": "never"}, "'skip', 'queue_one'"),
        ("5m", {"catch_up": "maybe"}, "'latest', 'all', 'none', 'ask'"),
        ("5m", {"args": {"nmber": 1}}, "argument nmber.*Did you mean 'number'"),
        ("5m", {"args": {"number": "x"}}, "task 'count', argument number: 'x'.*expected `int`"),
    ],
)
def test_an_option_of_a_schedule_that_can_not_be_used_is_refused(rota, timetable, options, message):
    @rota.task(name="count")
    def count(number: int = 1): ...

    with pytest.raises(ValueError, match=message) as caught:
        rota.schedule(count, timetable, **options)
    assert isinstance(caught.value, RotaError)
    assert "count" not in rota.registry.schedules


def test_policies_can_be_given_as_values(rota):
    @rota.task(backoff=Backoff(Growth.LINEAR, timedelta(seconds=2)), concurrency=Concurrency("mail", 3))
    def send(): ...

    rota.schedule(send, "5m", catch_up=CatchUp(window=timedelta(hours=2)))
    definition = declared(rota, "send")
    assert definition.policy.retry.backoff.growth is Growth.LINEAR
    assert definition.concurrency == Concurrency("mail", 3)
    assert definition.catch_up.window == timedelta(hours=2)


@dataclass
class Address:
    street: str
    number: int


def test_arguments_are_checked_and_converted_by_their_type_hints(rota):
    @rota.task
    def visit(to: Address, at: datetime, run: RunContext, note: str = ""): ...

    stored = visit.arguments.to_json((), {"to": Address("Main", 3), "at": datetime(2026, 1, 1, tzinfo=UTC)})
    assert stored == {"to": {"street": "Main", "number": 3}, "at": "2026-01-01T00:00:00Z"}
    assert visit.arguments.context == "run"
    assert visit.body.prepare(stored)["to"] == Address("Main", 3)
    with pytest.raises(InvalidArguments, match=r"argument to.*missing required field `number`"):
        visit.arguments.to_json((), {"to": {"street": "Main"}, "at": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "no such number"),
        (float("inf"), "no such number"),
        ("x" * 300_000, "the most is 262144"),
        ("\ud800", "lone surrogate"),
        ({1, 2}.__class__, "JSON can not say it"),
    ],
)
def test_arguments_that_can_not_be_stored_are_refused(rota, value, message):
    @rota.task
    def take(thing): ...

    with pytest.raises(InvalidArguments, match=message):
        take.arguments.to_json((), {"thing": value})


def test_arguments_that_are_nested_too_deep_are_refused(rota):
    @rota.task
    def take(thing): ...

    deep: list = []
    for _ in range(40):
        deep = [deep]
    with pytest.raises(InvalidArguments, match="deeper than 32"):
        take.arguments.to_json((), {"thing": deep})


def test_an_argument_named_like_an_option_needs_using(rota):
    got = []

    @rota.task
    def unlock(key: str):
        got.append(key)

    with rota.eager():
        with pytest.raises(InvalidValue, match=r"task.using\(...\)"):
            unlock.enqueue(key="front door")
        unlock.using(priority=3).enqueue(key="front door")
    assert got == ["front door"]


def test_eager_runs_inline_also_async_tasks_and_those_that_take_the_context(rota):
    got = []

    @rota.task
    async def greet(name: str, run: RunContext):
        run.log.info("greeting %s", name)
        got.append((name, run.attempt, run.task))

    with rota.eager():
        greet.enqueue("Ada")
    assert got == [("Ada", 1, "greet")]


def test_what_an_eager_body_raises_is_raised(rota):
    @rota.task
    def fail():
        raise KeyError("lost")

    with rota.eager(), pytest.raises(KeyError, match="lost"):
        fail.enqueue()


def test_a_package_brings_its_tasks_along(rota):
    plugin = Rota("plugin", timezone="Asia/Tokyo")

    @plugin.scheduled(daily("04:00"))
    def sync_stock(): ...

    rota.include(plugin)
    assert "Asia/Tokyo" in declared(rota, "sync_stock").timetable
    with pytest.raises(DuplicateName):
        rota.task(name="sync_stock")(lambda: None)


def test_discover_imports_the_tasks_of_packages(rota, tmp_path, monkeypatch):
    package = tmp_path / "bakery"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tasks.py").write_text("loaded = True")
    monkeypatch.syspath_prepend(tmp_path)
    assert rota.discover("bakery", "json") == ["bakery.tasks"]
    with pytest.raises(InvalidValue, match="'no_such_package'"):
        rota.discover("no_such_package")


def test_a_command_needs_a_list_unless_a_shell_reads_it(rota):
    rota.command("backup", ["pg_dump", "shop"], daily("01:00"))
    rota.command("count", "ls | wc -l", shell=True)
    assert rota.registry.body("backup").command.argv == ("pg_dump", "shop")
    with pytest.raises(InvalidValue, match="a list of texts without shell=True"):
        rota.command("bad", "ls | wc -l")


def test_listeners_hear_of_known_events_only(rota):
    @rota.on("run_failed")
    def page(event): ...

    with pytest.raises(InvalidValue, match="Did you mean 'run_failed'"):
        rota.on("run_faild", page)


def test_an_error_in_a_listener_is_logged_and_harms_nothing(rota, caplog):
    from rota.runtime.events import Event

    def broken(event):
        raise RuntimeError("oops")

    heard = []
    rota.on("run_failed", broken)
    rota.on("run_failed", heard.append)
    with caplog.at_level(logging.ERROR):
        rota.events.tell(Event(kind="run_failed", at=datetime(2026, 1, 1, tzinfo=UTC), subject="x"))
    assert len(heard) == 1
    assert "listener failed" in caplog.text


def test_the_fingerprint_tells_declarations_apart_and_nothing_else():
    def make(minutes):
        rota = Rota("shop", housekeeping=False)
        rota.task(name="a")(lambda: None)
        rota.schedule("a", f"{minutes}m")
        return rota.registry.fingerprint()

    assert make(5) == make(5)
    assert make(5) != make(10)
