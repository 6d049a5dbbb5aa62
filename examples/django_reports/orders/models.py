"""What was ordered."""

from django.db import models


class Order(models.Model):
    """One line of the file of orders."""

    number = models.PositiveIntegerField(unique=True)
    placed_on = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    report = models.ForeignKey("reports.Report", models.SET_NULL, null=True, related_name="orders")

    def __str__(self) -> str:
        return f"order {self.number}"
