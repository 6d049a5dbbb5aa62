"""How a process hears of what others commit to its file: Linux tells, elsewhere it is looked for."""

import errno
from pathlib import Path

import pytest

from rota.stores import open_store
from rota.stores.sql.database import TOPICS
from rota.stores.sql.wakeups import Waiter
from rota.stores.sqlite import watcher as module
from rota.stores.sqlite.watcher import BEAT, IDLE_BEAT, QUIET_AFTER, UNTOLD_BEAT, FileWaiter, FileWatcher

LONG = 60.0  # seconds, if a wait did not end


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "rota.db-wal"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def waiter(log):
    made = FileWaiter()
    made.listen_to(str(log))
    yield made
    made.close()


class Version:
    """What the connection would say."""

    number: int | None = 1

    def __call__(self):
        return self.number


@pytest.fixture
def version():
    return Version()


@pytest.fixture
def watch(log, version):
    made = []

    def begin():
        made.append(FileWatcher(version, log))
        while made[-1].pace(LONG) == BEAT:  # it asks some times more: the log is new to it
            made[-1].look()
        return made[-1]

    yield begin
    for one in made:
        one.waiter.close()


def commit(log, version=None):
    with log.open("ab") as file:
        file.write(b"page")
    if version is not None:
        version.number += 1


def open_files():
    return {one.name for one in Path("/proc/self/fd").iterdir()}


# -- a waiter
def test_a_write_ends_a_wait(waiter, log):
    commit(log)
    assert waiter.wait(LONG)
    assert waiter.has_heard
    assert (waiter.was_written(), waiter.was_written()) == (True, False)


def test_a_bell_ends_a_wait_and_is_no_write(waiter):
    waiter.ring()
    waiter.ring()
    assert waiter.wait(LONG)
    assert not waiter.wait(0)
    assert not waiter.was_written() and not waiter.has_heard


def test_after_a_write_others_are_left_for_a_moment_and_a_bell_is_not(waiter, log):
    commit(log)
    assert waiter.wait(LONG)
    commit(log)
    assert not waiter.wait(LONG)  # a rest of some milliseconds
    assert waiter.wait(LONG)
    waiter.ring()
    assert waiter.wait(LONG)


def test_what_is_closed_holds_nothing_and_can_still_be_rung(waiter, log):
    before = open_files()
    other = FileWaiter()
    other.listen_to(str(log))
    other.close()
    other.close()
    assert open_files() == before
    other.listen_to(str(log))
    commit(log)
    assert not other.wait(0)
    other.ring()
    assert other.wait(LONG)


def test_a_file_that_is_away_is_not_heard_of(waiter, tmp_path):
    waiter.listen_to(str(tmp_path / "none"))
    assert not waiter.wait(0)


# -- a watcher
def test_what_another_commits_is_news_and_what_it_writes_itself_is_not(watch, log, version):
    watcher = watch()
    commit(log)
    assert watcher.waiter.wait(LONG) and not watcher.look()
    version.number += 1  # the commit took longer than the moment that it was given
    assert watcher.pace(LONG) == BEAT
    assert watcher.look() == frozenset(TOPICS)
    assert not watcher.look()


def test_while_its_own_connection_writes_it_asks_again(watch, log, version):
    watcher = watch()
    version.number = None
    commit(log)
    for _ in range(10):
        assert not watcher.look()
    version.number = 2
    assert watcher.pace(LONG) == BEAT
    assert watcher.look() == frozenset(TOPICS)


def test_once_the_system_is_known_to_tell_it_is_seldom_asked(watch, log, version):
    watcher = watch()
    assert watcher.pace(QUIET_AFTER / 2) == BEAT
    assert watcher.pace(QUIET_AFTER) == IDLE_BEAT
    commit(log, version)
    assert watcher.waiter.wait(LONG)
    while watcher.pace(0.0) == BEAT:
        watcher.look()
    assert watcher.pace(0.0) == watcher.pace(QUIET_AFTER) == UNTOLD_BEAT


def test_a_log_that_is_made_anew_is_heard_of(watch, log, version):
    watcher = watch()
    watcher.waiter.has_heard = True
    log.unlink()
    assert not watcher.look()
    while watcher.pace(QUIET_AFTER) == BEAT:
        watcher.look()
    assert watcher.pace(QUIET_AFTER) == IDLE_BEAT  # there is nothing to hear of
    log.write_bytes(b"new")
    watcher.look()
    while watcher.waiter.wait(0):
        pass
    commit(log, version)
    assert any(watcher.waiter.wait(LONG) for _ in range(2))  # one of them may be the rest
    assert watcher.look() == frozenset(TOPICS)


def test_where_the_system_does_not_tell_it_is_looked_for(watch, log, version, monkeypatch):
    monkeypatch.setattr(module, "INotify", None)
    watcher = watch()
    assert type(watcher.waiter) is Waiter
    commit(log, version)
    assert watcher.look() == frozenset(TOPICS)
    for _ in range(3):
        watcher.look()
    assert (watcher.pace(0.0), watcher.pace(QUIET_AFTER)) == (BEAT, IDLE_BEAT)


def test_a_store_that_is_closed_gives_back_what_its_nodes_forgot(tmp_path):
    before = open_files()
    store = open_store(f"sqlite:///{tmp_path / 'rota.db'}")
    store.migrate()
    wakeup = store.wakeup()
    assert open_files() > before
    store.close()
    assert open_files() == before
    wakeup.close()


def test_where_no_more_can_be_watched_it_is_said_and_looked_for(watch, log, version, monkeypatch, caplog):
    def refuse(**_options):
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(module, "INotify", refuse)
    watcher = watch()
    assert type(watcher.waiter) is Waiter
    assert "looking for changes" in caplog.text
    commit(log, version)
    assert watcher.look() == frozenset(TOPICS)
