"""What people write."""

from django import forms
from django.contrib.auth.forms import UserCreationForm

from chat.models import Conversation, Message, User


class JoinForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("username", "email")


class ConversationForm(forms.ModelForm):
    class Meta:
        model = Conversation
        fields = ("title",)


class MessageForm(forms.ModelForm):
    class Meta:
        model = Message
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}
