"""The scheduled work of the orders."""

import csv

from django.conf import settings

from orders.models import Order
from rota.integrations.django.compat import ScheduledTaskConfig


def import_orders() -> int:
    """Read the file of orders, and keep those that are new."""
    with settings.ORDERS_FILE.open(newline="") as file:
        orders = [Order(**row) for row in csv.DictReader(file)]
    known = set(Order.objects.values_list("number", flat=True))
    new = [order for order in orders if int(order.number) not in known]
    Order.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


SCHEDULED_TASKS = [
    ScheduledTaskConfig(func=import_orders, schedule_type="minutes", schedule_interval=10, tag="orders"),
]
