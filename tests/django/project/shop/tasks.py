"""The scheduled work of the shop."""

from __future__ import annotations

import os

from rota import daily, every
from rota.integrations.django import rota
from rota.runners.local.context import RunContext
from tests.django.project.shop import mails  # noqa: F401 - declares tasks of django.tasks
from tests.django.project.shop.models import Mark, Order


@rota.task
def ping(word: str = "pong") -> str:
    """Say a word; needs no database."""
    return word


@rota.task
def confirm(order: int) -> int:
    """Confirm an order."""
    return Order.objects.filter(pk=order).update(is_confirmed=True)


@rota.task(executor="process")
def count_orders() -> int:
    """Count the orders, in a process of its own."""
    return Order.objects.count()


@rota.scheduled(every("1s"), name="mark", overlap="allow", catch_up="all")
def mark(run: RunContext) -> None:
    """Note which occurrence this is."""
    Mark.objects.create(schedule="mark", planned_at=run.planned_at, process=os.getpid())


@rota.task
async def later(word: str) -> str:
    """Say a word, from a coroutine."""
    return word


@rota.task(retries=1)
def refund(context: RunContext, order: int, card_token: str = "") -> None:
    """Give the money back; no bank takes part here."""
    context.log.info("looking for the payment of order %d", order)
    raise LookupError(f"order {order} was never paid")


rota.management_command("clearsessions", daily("02:00"))
rota.management_command("noisy")
