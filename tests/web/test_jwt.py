"""Bearer tokens that others have signed."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rota.errors import InvalidValue
from rota.testing.sim import Sim
from rota.web import WebApp
from rota.web.auth.keys import Keys
from tests.web.calls import Caller

KEY = "s" * 64
ISSUER = "https://login.example"


@pytest.fixture
def settings():
    return {"jwt_key": KEY, "jwt_issuer": ISSUER}


def token(key=KEY, algorithm="HS256", headers=None, **changes):
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "rota",
        "sub": "ann",
        "role": "operator",
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers)


def test_a_token_says_who_and_what_they_may(app):
    ann = Caller(app, token())
    ann.post("/api/v1/schedules/nightly/pause", {})
    assert ann.refused("GET", "/api/v1/tokens", code=403)["code"] == "not_permitted"
    [line] = ann.get("/api/v1/audit", query_string={"limit": 1})["items"]
    assert line["actor"] == "ann"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"exp": None},
        {"iat": None}, {"exp": 1_700_000_000}, {"iat": 4_000_000_000}, {"nbf": 4_000_000_000},
        {"role": "king"},
        {"role": None}, {"role": ["admin"]}, {"role": 3}, {"sub": None}, {"key": "t" * 64},
        {"algorithm": "HS512"}, {"exp": "soon"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_lacks_something_opens_nothing(app, changes):
    try:
        made = token(**changes)
    except TypeError:  # PyJWT itself refuses to write it
        made = _by_hand(changes)
    Caller(app, made).refused("GET", "/api/v1/schedules", code=401)


def _by_hand(changes):
    head, body, tail = token().split(".")
    claims = {**json.loads(base64.urlsafe_b64decode(body + "==")), **changes}
    return ".".join([head, base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("="), tail])


def test_a_token_can_not_choose_its_algorithm(app):
    none = jwt.encode({"sub": "ann", "role": "admin"}, None, "none")
    Caller(app, none).refused("GET", "/api/v1/schedules", code=401)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    Caller(app, token(private, "RS256")).refused("GET", "/api/v1/schedules", code=401)


def test_without_an_issuer_no_token_is_taken():
    sim = Sim(jwt_key=KEY)
    Caller(WebApp(sim.rota), token()).refused("GET", "/api/v1/schedules", code=401)
    sim.rota.close()


@pytest.fixture
def by_keys(keys):
    """A face that knows the public keys of an issuer, and no key of its own."""
    sim = Sim(jwt_keys_url=keys.url, jwt_issuer=ISSUER)
    yield WebApp(sim.rota)
    sim.rota.close()


def test_a_token_signed_by_a_published_key_is_taken(by_keys, keys):
    Caller(by_keys, token(keys.private, "RS256", {"kid": "first"})).get("/api/v1/schedules")
    Caller(by_keys, token(keys.private, "RS256")).refused("GET", "/api/v1/schedules", code=401)
    Caller(by_keys, token(KEY, "HS256", {"kid": "first"})).refused("GET", "/api/v1/schedules", code=401)


def test_a_public_key_is_no_key_of_hs256(by_keys, keys):
    """The classic: the public key, which everybody has, taken as the secret of a signature."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = keys.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"first"}').rstrip(b"=")
    body = token().split(".")[1].encode()
    import hmac

    proof = base64.urlsafe_b64encode(hmac.digest(public, head + b"." + body, "sha256")).rstrip(b"=")
    forged = b".".join([head, body, proof]).decode()
    Caller(by_keys, forged).refused("GET", "/api/v1/schedules", code=401)


@pytest.mark.parametrize(
    "url", ["http://keys.example/certs", "file:///etc/passwd", "ftp://127.0.0.1/", "keys.example", ""]
)
def test_keys_are_fetched_over_https_only(url):
    with pytest.raises(InvalidValue, match="https"):
        Keys(url)


def test_an_address_that_does_not_answer_gives_no_key():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        assert Keys(f"http://127.0.0.1:{taken.getsockname()[1]}/").key("first") is None
