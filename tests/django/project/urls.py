"""The pages of the project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from tests.django.project.shop import views

urlpatterns = [
    path("orders", views.order),
    path("health", views.health),
    path("admin/", admin.site.urls),
    path("rota/", include("rota.integrations.django.urls")),
]
