"""manage.py fill_chat: people and conversations to look at, some of them old enough to be deleted."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from chat.models import Conversation, Message, User

DAY = timedelta(days=1)


class Command(BaseCommand):
    help = "Add two conversations, of today and of 40 days ago, three orphaned messages and a guest."

    @transaction.atomic
    def handle(self, **options):
        now = timezone.now()
        ben, _ = User.objects.get_or_create(username="ben", defaults={"verified_at": now})
        User.objects.get_or_create(username="guest", defaults={"date_joined": now - 8 * DAY})
        people = [ben, *User.objects.filter(is_superuser=True)]
        for title, at in (("Lunch", now), ("Summer party", now - 40 * DAY)):
            one = Conversation.objects.create(title=title, last_message_at=at)
            one.members.set(people)
            for text in ("Who comes?", "I do."):
                Message.objects.create(conversation=one, author=ben, text=text, sent_at=at)
        for number in range(3):
            Message.objects.create(author=ben, text=f"Lost {number}", sent_at=now - 2 * DAY)
        self.stdout.write("Added 2 conversations, 7 messages, ben and a guest who never verified.")
