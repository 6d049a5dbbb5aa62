"""Tasks in Django's own words; `tasks.py` imports them."""

from __future__ import annotations

from typing import Any

from rota.integrations.django.tasks.api import PACKAGE

if PACKAGE == "django.tasks":
    from django.tasks import task
else:
    from django_tasks import task

from tests.django.project.shop.models import Order


@task
def greet(name: str, *more: str, shout: bool = False) -> str:
    """Greet a customer."""
    text = ", ".join(("Hello", name, *more))
    return text.upper() if shout else text


@task(priority=5, queue_name="mail")
async def greet_later(name: str) -> str:
    """Greet a customer from a coroutine."""
    return f"Hello, {name}"


@task(takes_context=True)
def which_attempt(context: Any, fail_until: int = 1) -> dict[str, Any]:
    """Say what the context says."""
    if context.attempt < fail_until:
        raise ValueError(f"attempt {context.attempt} is too early")
    result = context.task_result
    return {"attempt": context.attempt, "id": result.id, "status": str(result.status)}


@task
def fail(word: str) -> None:
    """Fail."""
    raise ValueError(word)


@task
def give_back(what: str) -> Any:
    """Return something that JSON can say, or not."""
    return {"tuple": (1, 2), "bytes": b"abc", "set": {1}}[what]


@task
def confirm(order: int) -> int:
    """Confirm an order."""
    return Order.objects.filter(pk=order).update(is_confirmed=True)


@task(backend="database", queue_name="there")
def add(left: int, right: int = 0) -> int:
    """Add two numbers, on another back end."""
    return left + right


@task(backend="database", queue_name="there")
def fail_there(word: str) -> None:
    """Fail on another back end."""
    raise LookupError(word)


@task(backend="immediate")
def at_once(word: str) -> str:
    """Say a word, on a back end that executes while it is asked."""
    if not word:
        raise ValueError("no word")
    return word
