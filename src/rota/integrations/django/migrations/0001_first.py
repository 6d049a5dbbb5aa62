"""The tables of the store by its own DDL, and their mirrors beside it."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import rota.integrations.django.fields
from rota.integrations.django.schema import ApplySchema


class Migration(migrations.Migration):
    """Step 1 of the schema."""

    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[ApplySchema(step=1)],
            state_operations=[
                migrations.CreateModel(
                    name="AuditLine",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", rota.integrations.django.fields.InstantField(db_column="at_us")),
                        ("rota", models.TextField()),
                        ("actor", models.TextField()),
                        ("via", models.TextField()),
                        ("action", models.TextField()),
                        ("subject", models.TextField()),
                        ("reason", models.TextField()),
                        ("before", rota.integrations.django.fields.JsonField()),
                        ("after", rota.integrations.django.fields.JsonField()),
                    ],
                    options={
                        "db_table": "rota_audit",
                        "ordering": ("-at", "-id"),
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="Generation",
                    fields=[
                        ("rota", models.TextField(primary_key=True, serialize=False)),
                        ("number", models.IntegerField()),
                        ("fingerprint", models.TextField()),
                        ("revision", models.IntegerField()),
                        ("synced_at", rota.integrations.django.fields.InstantField(db_column="synced_us")),
                        ("past", rota.integrations.django.fields.JsonField()),
                    ],
                    options={
                        "db_table": "rota_generation",
                        "default_permissions": (),
                    },
                ),
                migrations.CreateModel(
                    name="Node",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("rota", models.TextField()),
                        ("seen_at", rota.integrations.django.fields.InstantField(db_column="seen_us")),
                        ("facts", rota.integrations.django.fields.JsonField(db_column="node")),
                        ("drain_by", models.TextField(null=True)),
                    ],
                    options={
                        "db_table": "rota_node",
                        "ordering": ("id",),
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="Run",
                    fields=[
                        ("id", rota.integrations.django.fields.IdField(primary_key=True, serialize=False)),
                        ("rota", models.TextField()),
                        ("task", models.TextField()),
                        ("state", models.TextField()),
                        ("origin", models.TextField()),
                        ("args", rota.integrations.django.fields.JsonField()),
                        ("policy", rota.integrations.django.fields.JsonField()),
                        ("queue", models.TextField()),
                        ("priority", models.IntegerField()),
                        ("created_at", rota.integrations.django.fields.InstantField(db_column="created_us")),
                        ("run_at", rota.integrations.django.fields.InstantField(db_column="run_at_us")),
                        ("schedule_id", rota.integrations.django.fields.IdField(null=True)),
                        ("schedule", models.TextField(null=True)),
                        (
                            "planned_at",
                            rota.integrations.django.fields.InstantField(db_column="planned_us", null=True),
                        ),
                        ("count", models.BigIntegerField()),
                        ("reason", models.TextField(null=True)),
                        ("is_catch_up", models.BooleanField()),
                        ("lane", models.TextField(null=True)),
                        ("blocked_by", rota.integrations.django.fields.IdField(null=True)),
                        ("parent", rota.integrations.django.fields.IdField(null=True)),
                        ("made_by", models.TextField(null=True)),
                        ("attempt", models.IntegerField()),
                        ("node", models.TextField(null=True)),
                        (
                            "lease_until",
                            rota.integrations.django.fields.InstantField(
                                db_column="lease_until_us", null=True
                            ),
                        ),
                        (
                            "started_at",
                            rota.integrations.django.fields.InstantField(db_column="started_us", null=True),
                        ),
                        (
                            "finished_at",
                            rota.integrations.django.fields.InstantField(db_column="finished_us", null=True),
                        ),
                        ("outcome", models.TextField(null=True)),
                        ("result", rota.integrations.django.fields.JsonField(null=True)),
                        ("failure", rota.integrations.django.fields.JsonField(null=True)),
                        ("done", models.FloatField(null=True)),
                        ("total", models.FloatField(null=True)),
                        ("note", models.TextField(null=True)),
                        ("cancel_by", models.TextField(null=True)),
                    ],
                    options={
                        "db_table": "rota_run",
                        "ordering": ("-created_at", "-id"),
                        "default_permissions": ("view", "change"),
                    },
                ),
                migrations.CreateModel(
                    name="Schedule",
                    fields=[
                        ("id", rota.integrations.django.fields.IdField(primary_key=True, serialize=False)),
                        ("rota", models.TextField()),
                        ("name", models.TextField()),
                        ("source", models.TextField()),
                        ("state", models.TextField()),
                        ("declared", rota.integrations.django.fields.JsonField()),
                        ("definition", rota.integrations.django.fields.JsonField(db_column="effective")),
                        ("task", models.TextField()),
                        ("queue", models.TextField()),
                        ("tags", models.TextField()),
                        ("search", models.TextField()),
                        ("pause", rota.integrations.django.fields.JsonField(null=True)),
                        (
                            "pause_start",
                            rota.integrations.django.fields.InstantField(
                                db_column="pause_start_us", null=True
                            ),
                        ),
                        ("quarantine", models.TextField(null=True)),
                        ("generation", models.IntegerField()),
                        ("revision", models.IntegerField()),
                        ("cursor", rota.integrations.django.fields.InstantField(db_column="cursor_us")),
                        (
                            "next_due",
                            rota.integrations.django.fields.InstantField(db_column="next_due_us", null=True),
                        ),
                        ("runs_made", models.IntegerField()),
                        ("created_at", rota.integrations.django.fields.InstantField(db_column="created_us")),
                        ("updated_at", rota.integrations.django.fields.InstantField(db_column="updated_us")),
                    ],
                    options={
                        "db_table": "rota_schedule",
                        "ordering": ("name",),
                        "permissions": (("trigger_schedule", "Can run a schedule now"),),
                        "default_permissions": ("view", "change"),
                    },
                ),
                migrations.CreateModel(
                    name="Success",
                    fields=[
                        (
                            "schedule_id",
                            rota.integrations.django.fields.IdField(primary_key=True, serialize=False),
                        ),
                        ("planned_at", rota.integrations.django.fields.InstantField(db_column="planned_us")),
                    ],
                    options={
                        "db_table": "rota_success",
                        "default_permissions": (),
                    },
                ),
                migrations.CreateModel(
                    name="Token",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("rota", models.TextField()),
                        ("kind", models.TextField()),
                        ("owner", models.TextField()),
                        ("role", models.TextField()),
                        ("label", models.TextField()),
                        ("digest", models.TextField(unique=True)),
                        ("created_at", rota.integrations.django.fields.InstantField(db_column="created_us")),
                        (
                            "expires_at",
                            rota.integrations.django.fields.InstantField(db_column="expires_us", null=True),
                        ),
                        (
                            "used_at",
                            rota.integrations.django.fields.InstantField(db_column="used_us", null=True),
                        ),
                    ],
                    options={
                        "db_table": "rota_token",
                        "default_permissions": (),
                    },
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "rota", "name", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("rota", models.TextField()),
                        ("name", models.TextField()),
                        ("role", models.TextField()),
                        ("password", models.TextField()),
                        ("created_at", rota.integrations.django.fields.InstantField(db_column="created_us")),
                    ],
                    options={
                        "db_table": "rota_user",
                        "default_permissions": (),
                    },
                ),
                migrations.CreateModel(
                    name="Log",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("attempt", models.IntegerField()),
                        ("size", models.IntegerField()),
                        ("text", models.TextField()),
                        (
                            "run",
                            models.ForeignKey(
                                db_column="run_id",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="logs",
                                to="rota.run",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "rota_log",
                        "ordering": ("id",),
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "run_id",
                                "number",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("node", models.TextField(null=True)),
                        (
                            "started_at",
                            rota.integrations.django.fields.InstantField(db_column="started_us", null=True),
                        ),
                        (
                            "finished_at",
                            rota.integrations.django.fields.InstantField(db_column="finished_us", null=True),
                        ),
                        ("outcome", models.TextField(null=True)),
                        ("failure", rota.integrations.django.fields.JsonField(null=True)),
                        (
                            "run",
                            models.ForeignKey(
                                db_column="run_id",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="attempts",
                                to="rota.run",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "rota_attempt",
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="PastError",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("run_id", rota.integrations.django.fields.IdField()),
                        ("at", rota.integrations.django.fields.InstantField(db_column="at_us")),
                        ("failure", rota.integrations.django.fields.JsonField()),
                        (
                            "schedule",
                            models.ForeignKey(
                                db_column="schedule_id",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="past_errors",
                                to="rota.schedule",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "rota_error",
                        "ordering": ("-at", "-id"),
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="Override",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "schedule_id",
                                "field",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("field", models.TextField()),
                        ("value", rota.integrations.django.fields.JsonField()),
                        ("author", models.TextField()),
                        ("reason", models.TextField()),
                        ("created_at", rota.integrations.django.fields.InstantField(db_column="created_us")),
                        (
                            "until",
                            rota.integrations.django.fields.InstantField(db_column="until_us", null=True),
                        ),
                        (
                            "schedule",
                            models.ForeignKey(
                                db_column="schedule_id",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="overrides",
                                to="rota.schedule",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "rota_override",
                        "default_permissions": ("view",),
                    },
                ),
            ],
        ),
    ]
