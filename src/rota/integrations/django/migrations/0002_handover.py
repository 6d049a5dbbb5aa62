"""Where it is noted which runs were handed to other back ends of `django.tasks`."""

from __future__ import annotations

from django.db import migrations, models

import rota.integrations.django.fields


class Migration(migrations.Migration):
    """A table of Django's own: the stand-alone store hands nothing over."""

    dependencies = [("rota", "0001_first")]
    operations = [
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "run_id",
                    rota.integrations.django.fields.IdField(primary_key=True, serialize=False),
                ),
                ("attempt", models.IntegerField()),
                ("backend", models.TextField()),
                ("message", models.TextField()),
                ("at", rota.integrations.django.fields.InstantField(db_column="at_us")),
            ],
            options={
                "db_table": "rota_handover",
                "default_permissions": (),
            },
        ),
    ]
