"""A shop in Flask. Its operators see the rota under /ops; who they are, the shop says."""

from __future__ import annotations

import os

from flask import Flask, redirect, session

from rota import Rota, daily
from rota.integrations.flask import mount
from rota.web import Identity, Role

rota = Rota("shop")
app = Flask(__name__)
app.secret_key = os.environ.get("SHOP_KEY", "only for this example")


@rota.scheduled(daily("02:00"))
def clear_carts():
    """Remove carts that nobody has touched for a month."""


@app.get("/")
def home():
    return "The shop. <a href='/enter/ann'>Enter as Ann</a>, then look at <a href='/ops/'>the rota</a>."


@app.get("/enter/<name>")
def enter(name):
    session["name"] = name  # a real shop asks for a password first
    return redirect("/ops/")


def operator() -> Identity | None:
    name = session.get("name")
    return Identity(name=name, role=Role.OPERATOR) if name == "ann" else None


mount(app, rota, "/ops", operator)
