"""A store: those who sign in, and tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rota.core.records import Token, User
from tests.stores.contract.build import HOUR, NOW, ROTA, SECOND, audit

ANN = User(name="ann", role="operator", password="$argon2id$a", created_at=NOW)


def token(number: int, **changes) -> Token:
    one = Token(
        id=f"token-{number}",
        kind="api",
        user="ann",
        role="viewer",
        label="ci é",
        digest=f"{number:064x}",
        created_at=NOW + SECOND * number,
    )
    return replace(one, **changes)


def test_users_are_kept_by_name_and_rota(store):
    for name in ("bob", "ann", "Ann", "ü 'x\""):
        store.put_user(ROTA, replace(ANN, name=name))
    store.put_user("bank", ANN)
    assert {one.name for one in store.users(ROTA)} == {"ann", "bob", "Ann", "ü 'x\""}
    assert store.users("bank") == [ANN]
    assert store.users("nowhere") == []


def test_a_user_put_again_is_replaced_and_signed_out(store):
    store.put_user(ROTA, ANN)
    session, api, other = token(1, kind="session"), token(2), token(3, kind="session", user="bob")
    for one in (session, api, other):
        store.add_token(ROTA, one)
    changed = replace(ANN, role="admin", password="$argon2id$b")
    store.put_user(ROTA, changed, [audit("put user", "ann")])
    [kept] = store.users(ROTA)
    assert (kept.role, kept.password) == ("admin", "$argon2id$b")
    assert store.token(ROTA, session.digest) is None
    assert store.token(ROTA, api.digest) == api
    assert store.token(ROTA, other.digest) == other
    assert [line.action for line in store.audit(ROTA)] == ["put user"]


@pytest.mark.parametrize(
    ("role", "kept"),
    [
        ("admin", ["viewer", "operator", "admin"]),
        ("operator", ["viewer", "operator", "operator"]),
        ("viewer", ["viewer", "viewer", "viewer"]),
    ],
)
def test_the_tokens_of_a_user_who_becomes_less_become_less_too(store, role, kept):
    for number, one in enumerate(("viewer", "operator", "admin"), 1):
        store.add_token(ROTA, token(number, role=one))
    others = [token(4, role="admin", user="bob"), token(5, role="admin")]
    store.add_token(ROTA, others[0])
    store.add_token("bank", others[1])
    store.put_user(ROTA, replace(ANN, role=role))
    assert [store.token(ROTA, token(number).digest).role for number in (1, 2, 3)] == kept
    assert [store.token(ROTA, others[0].digest), store.token("bank", others[1].digest)] == others


def test_a_user_goes_with_all_tokens(store):
    store.put_user(ROTA, ANN)
    store.put_user("bank", ANN)
    mine, session, other = token(1), token(2, kind="session"), token(3, user="bob")
    for one in (mine, session, other):
        store.add_token(ROTA, one)
    store.add_token("bank", token(4))
    assert store.drop_user(ROTA, "ann", [audit("drop user", "ann")])
    assert store.users(ROTA) == []
    assert store.tokens(ROTA) == [other]
    assert (store.users("bank"), store.tokens("bank")) == ([ANN], [token(4)])
    assert not store.drop_user(ROTA, "ann", [audit("drop user", "ann")])
    assert len(store.audit(ROTA)) == 1


def test_a_token_is_found_by_its_hash_in_its_rota(store):
    whole = token(1, expires_at=NOW + HOUR, used_at=NOW + SECOND)
    store.add_token(ROTA, whole, [audit("create token", whole.id)])
    assert store.token(ROTA, whole.digest) == whole
    assert store.token("bank", whole.digest) is None
    assert store.token(ROTA, "0" * 64) is None
    assert len(store.audit(ROTA)) == 1


def test_tokens_are_listed_the_newest_first(store):
    for number in (2, 1, 3):
        store.add_token(ROTA, token(number))
    assert [one.id for one in store.tokens(ROTA)] == ["token-3", "token-2", "token-1"]


def test_a_token_that_is_added_makes_those_forgotten_that_have_run_out(store):
    store.add_token(ROTA, token(1, expires_at=NOW + HOUR))
    store.add_token(ROTA, token(2, expires_at=NOW + HOUR * 2))
    store.add_token(ROTA, token(3))
    store.add_token(ROTA, replace(token(4), created_at=NOW + HOUR + SECOND))
    assert {one.id for one in store.tokens(ROTA)} == {"token-2", "token-3", "token-4"}


def test_the_use_of_a_token_is_noted(store):
    store.add_token(ROTA, token(1))
    store.add_token(ROTA, token(2))
    store.use_token("token-1", NOW + timedelta(minutes=5))
    store.use_token("nothing", NOW)
    assert {one.id: one.used_at for one in store.tokens(ROTA)} == {
        "token-1": NOW + timedelta(minutes=5),
        "token-2": None,
    }


def test_a_token_is_revoked_once(store):
    store.add_token(ROTA, token(1))
    assert not store.drop_token("bank", "token-1")
    assert store.drop_token(ROTA, "token-1", [audit("revoke token", "token-1")])
    assert store.tokens(ROTA) == []
    assert not store.drop_token(ROTA, "token-1", [audit("revoke token", "token-1")])
    assert len(store.audit(ROTA)) == 1


def test_what_a_store_can_not_hold_is_made_holdable(store):
    store.put_user(ROTA, replace(ANN, name="a\0b\ud800"))
    store.add_token(ROTA, token(1, user="a\0b\ud800", label="\0"))
    [one] = store.users(ROTA)
    assert "\0" not in one.name
    assert store.drop_user(ROTA, "a\0b\ud800")
    assert store.tokens(ROTA) == []
