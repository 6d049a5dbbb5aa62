"""What Django's permissions let its users do here."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from rota.operations.actor import Actor, Role

# A role is given whole, so it takes all that its bearer could do: someone who may only run schedules does
# that in Django's admin, where each act asks for its own permission.
VIEWER = ("rota.view_schedule", "rota.view_run")
OPERATOR = ("rota.change_schedule", "rota.trigger_schedule", "rota.change_run")


def role_of(user: Any) -> Role | None:
    """Return the role of a user of Django's; `None` for whoever has none: nobody without `is_staff`."""
    if not (user.is_active and user.is_staff):
        return None
    if user.is_superuser:
        return Role.ADMIN
    if user.has_perms(OPERATOR):
        return Role.OPERATOR
    # Who may change may look, as everywhere in Django.
    looks = all(user.has_perm(one) or user.has_perm(one.replace("view", "change")) for one in VIEWER)
    return Role.VIEWER if looks else None


def standing_of(name: str) -> Role | None:
    """Return the role that the user of that name has now; `None` if there is none."""
    users = get_user_model()
    try:
        return role_of(users._default_manager.get_by_natural_key(name))
    except users.DoesNotExist:
        return None


def operator_of(request: Any) -> Actor:
    """Return who makes a request of Django's admin, which has asked for the permission of the act itself."""
    return Actor(
        request.user.get_username(), Role.OPERATOR, f"django {request.META.get('REMOTE_ADDR', '')}".strip()
    )
