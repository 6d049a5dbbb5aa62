"""Connections of Django's in the threads of a worker."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from rota.integrations.django.connections import tended


def query(alias):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def is_open(alias):
    return connections[alias].connection is not None


def in_a_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_a_body_leaves_no_connection_behind(alias):
    def work():
        assert tended(lambda: query(alias))() == 1
        return is_open(alias)

    assert in_a_thread(work) is False


def test_one_that_is_to_be_kept_is_kept(alias):
    connections[alias].settings_dict["CONN_MAX_AGE"] = None

    def work():
        tended(lambda: query(alias))()
        kept = is_open(alias)
        connections[alias].close()
        return kept

    assert in_a_thread(work) is True


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_one_that_the_server_has_closed_is_opened_anew(alias):
    connections[alias].settings_dict["CONN_MAX_AGE"] = None

    def work():
        query(alias)
        connections[alias].connection.close()
        connections[alias].errors_occurred = True  # as after the first query that failed
        found = tended(lambda: query(alias))()
        connections[alias].close()
        return found

    assert in_a_thread(work) == 1


def test_one_inside_a_transaction_is_left_alone(alias):
    with transaction.atomic(using=alias):
        assert tended(lambda: query(alias))() == 1
        assert is_open(alias)


def test_a_coroutine_leaves_none_behind_either(alias):
    async def body():
        return await sync_to_async(query)(alias)

    async def work():
        found = await tended(body)()
        return found, await sync_to_async(is_open)(alias)

    assert asyncio.run(work()) == (1, False)
