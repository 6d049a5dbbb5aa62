"""The pages of the project."""

from __future__ import annotations

from django.urls import path

from tests.django.project.shop import views

urlpatterns = [path("orders", views.order), path("health", views.health)]
