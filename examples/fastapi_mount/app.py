"""A shop in FastAPI: the rota works as long as the application does, and is seen under /ops."""

from __future__ import annotations

from contextlib import asynccontextmanager

from fastapi import FastAPI

from rota import Rota, every
from rota.integrations.fastapi import lifespan, mount

rota = Rota("shop")


@rota.scheduled(every("1m"))
async def look_for_orders():
    """Fetch the orders of the last minute."""


@asynccontextmanager
async def own(app):
    app.state.greeting = "The shop."
    yield


app = FastAPI(lifespan=lifespan(rota, own))
mount(app, rota, "/ops")


@app.get("/")
async def home():
    return {"greeting": app.state.greeting, "rota": "/ops/"}
