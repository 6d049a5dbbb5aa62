"""Tables with all that makes deleting rows interesting."""

from __future__ import annotations

from uuid import uuid4

from django.db import models


class Report(models.Model):
    created_at = models.DateTimeField(db_index=True)
    status = models.CharField(max_length=20, default="done")
    started_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    content = models.TextField(default="")

    def expire(self) -> None:
        """Drop the content; the row stays."""
        if self.content == "cursed":
            raise ValueError("this content can not be dropped")
        self.content, self.status = "", "expired"
        self.save()

    def give_way(self) -> None:
        """Succeed at the third attempt."""
        if self.tries < 3:
            raise OSError(f"not yet, this is attempt {self.tries}")


class Page(models.Model):
    report = models.ForeignKey(Report, models.CASCADE)
    text = models.TextField(default="")


class Invoice(models.Model):
    report = models.ForeignKey(Report, models.PROTECT)


class Receipt(models.Model):
    report = models.ForeignKey(Report, models.DO_NOTHING)


class Remark(models.Model):
    report = models.ForeignKey(Report, models.SET_NULL, null=True)


class Ticket(models.Model):
    """Keys without an order in time, and an age without an index."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    created_at = models.DateTimeField()


class Day(models.Model):
    on = models.DateField()


class Member(models.Model):
    name = models.CharField(max_length=20)


class Conversation(models.Model):
    members = models.ManyToManyField(Member)


class Message(models.Model):
    conversation = models.ForeignKey(
        Conversation, models.DO_NOTHING, db_constraint=False, null=True, related_name="messages"
    )
    created_at = models.DateTimeField(null=True)
