"""The admin UI and the REST API of Rota under a path of the project.

path("rota/", include("rota.integrations.django.urls"))
"""

from __future__ import annotations

from django.urls import path, re_path

from rota.integrations.django.views import face

app_name = "rota"
urlpatterns = [
    path("", face, {"path": ""}, name="index"),
    # All that there may be in a path: names of schedules hold slashes and line ends.
    re_path(r"^(?P<path>[\s\S]+)\Z", face, name="face"),
]
