"""Users, their conversations, and the messages in these."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """Somebody who has joined. `verified_at` is empty until the link in the mail has been followed."""

    verified_at = models.DateTimeField(null=True, blank=True)


class Conversation(models.Model):
    title = models.CharField(max_length=100)
    members = models.ManyToManyField(User, related_name="conversations")
    last_message_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-last_message_at"]

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """A message. It outlives its conversation until the next night: nobody waits while it is deleted."""

    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="messages"
    )
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="messages")
    text = models.TextField(max_length=2000)
    sent_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["sent_at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]
