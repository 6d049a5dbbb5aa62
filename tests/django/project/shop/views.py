"""The pages of the shop."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tests.django.project.shop.models import Order
from tests.django.project.shop.tasks import confirm


@login_not_required
def order(request: HttpRequest) -> HttpResponse:
    """Take an order, and have it confirmed once it is stored."""
    with transaction.atomic():
        made = Order.objects.create(customer=request.GET.get("customer", ""))
        confirm.enqueue(order=made.pk)
    return HttpResponse(str(made.pk))


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")
