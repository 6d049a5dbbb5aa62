"""Its tables."""

from django.db import models


class Report(models.Model):
    created_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=20)
    tries = models.IntegerField(default=0)

    def build(self) -> None: ...


class Order(models.Model):
    paid_on = models.DateField(null=True)


class Conversation(models.Model): ...


class Message(models.Model):
    conversation = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, related_name="messages", db_constraint=False
    )
