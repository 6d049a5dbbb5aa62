"""The duties of the chat: what is deleted and counted, and when. Rota finds this module by its name."""

from django.conf import settings

from chat.models import Conversation, Message, User
from rota import cron, daily, every, weekly
from rota.housekeeping.django import backup, orphans, purge, statistics
from rota.integrations.django import rota

backed_up = backup(settings.BACKUPS, keep=14)


def when(timetable):
    """Return the timetable of a duty; in test mode each comes every five minutes."""
    return every("5m") if settings.TEST_MODE else timetable


rota.schedule(
    purge(Conversation, older_than="30d", using="last_message_at", before=backed_up, name="conversations"),
    when(weekly("sun", "03:00")),
)
rota.schedule(
    orphans(Message, missing="conversation", before=backed_up, name="messages"),
    when(daily("02:00")),
)
rota.schedule(
    purge(
        User,
        older_than="7d",
        using="date_joined",
        where={"verified_at": None, "is_staff": False},
        before=backed_up,
        name="users",
    ),
    when(daily("02:00")),
)
rota.schedule(
    statistics(
        "stats",
        {
            "users": User,
            "unverified": User.objects.filter(verified_at=None, is_staff=False),
            "conversations": Conversation,
            "messages": Message,
        },
    ),
    when(cron("0 */6 * * *")),
)
