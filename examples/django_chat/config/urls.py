"""Where the pages of the chat are, and those of its scheduler."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, re_path

from chat import views
from chat.tokens import token
from rota.integrations.django.views import face

urlpatterns = [
    path("", views.conversations, name="conversations"),
    path("conversations/<int:pk>/", views.conversation, name="conversation"),
    path("conversations/<int:pk>/delete", views.delete, name="delete"),
    path("join/", views.join, name="join"),
    path("verify/<str:signed>/", views.verify, name="verify"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("scheduler-admin/", include("rota.integrations.django.urls")),
    path("api/token", token),
    # Programs go on to call the scheduler where it was: status, trigger and statistics.
    re_path(r"^(?P<path>api/admin/scheduler/\w+)\Z", face),
]
