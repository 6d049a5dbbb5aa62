"""The tables of the chat in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from chat.models import Conversation, Message, User

admin.site.register(User, UserAdmin)
admin.site.register([Conversation, Message])
