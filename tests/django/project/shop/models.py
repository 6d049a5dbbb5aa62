"""What the shop sells."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """An order of a customer's."""

    customer = models.TextField()
    is_confirmed = models.BooleanField(default=False)


class Mark(models.Model):
    """Left by a run: which occurrence it was for."""

    schedule = models.TextField()
    planned_at = models.DateTimeField()
    process = models.IntegerField()
