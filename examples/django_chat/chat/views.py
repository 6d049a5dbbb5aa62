"""The pages of the chat."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.mail import send_mail
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from chat.forms import ConversationForm, JoinForm, MessageForm
from chat.models import Conversation, User

SALT = "verify"
WEEK = 7 * 24 * 60 * 60  # seconds, as long as an unverified user is kept


def join(request):
    """Make a user, and send the link that verifies the address."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        signed = signing.dumps(user.pk, salt=SALT)
        link = request.build_absolute_uri(reverse("verify", args=[signed]))
        send_mail("Welcome to the chat", f"Follow this link within a week: {link}", None, [user.email])
        login(request, user)
        messages.info(request, "A link to verify your address is on its way.")
        return redirect("conversations")
    return render(request, "chat/join.html", {"form": form})


def verify(request, signed):
    """Note that the address is the user's."""
    try:
        pk = signing.loads(signed, salt=SALT, max_age=WEEK)
    except signing.BadSignature as error:
        raise Http404("This link is too old, or not whole.") from error
    user = get_object_or_404(User, pk=pk)
    user.verified_at = user.verified_at or timezone.now()
    user.save(update_fields=["verified_at"])
    messages.success(request, f"{user.username} is verified.")
    return redirect("conversations")


@login_required
def conversations(request):
    """List the conversations of a user, and begin another."""
    form = ConversationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        made.members.add(request.user)
        return redirect("conversation", made.pk)
    found = request.user.conversations.all()[:50]
    return render(request, "chat/conversations.html", {"form": form, "conversations": found})


@login_required
def conversation(request, pk):
    """Show a conversation, and take a message."""
    one = get_object_or_404(Conversation, pk=pk, members=request.user)
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        message = form.save(commit=False)
        message.conversation, message.author = one, request.user
        message.save()
        Conversation.objects.filter(pk=pk).update(last_message_at=message.sent_at)
        return redirect("conversation", pk)
    last = reversed(one.messages.select_related("author").order_by("-sent_at", "-pk")[:100])
    return render(request, "chat/conversation.html", {"form": form, "conversation": one, "said": last})


@login_required
@require_POST
def delete(request, pk):
    """Delete a conversation; its messages go at night."""
    get_object_or_404(Conversation, pk=pk, members=request.user).delete()
    messages.info(request, "The conversation is deleted.")
    return redirect("conversations")
