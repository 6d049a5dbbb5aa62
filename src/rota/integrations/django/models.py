"""Mirrors of the store's tables: for queries, the admin and permissions.

The tables are made by the stand-alone store's own DDL, and written to by its own statements: see
`migrations/0001_first.py`. Read by these models as much as you like; what a model saved or deleted would be
known to no index, audit or node. A table that has no mirror belongs to the machinery of one database.
"""

from __future__ import annotations

from django.db import models

from rota.integrations.django.fields import IdField, InstantField, JsonField

READ = ("view",)


class Schedule(models.Model):
    """A schedule of the rota; `definition` is what holds, with the overrides of operators."""

    id = IdField(primary_key=True)
    rota = models.TextField()
    name = models.TextField()
    source = models.TextField()
    state = models.TextField()
    declared = JsonField()
    definition = JsonField(db_column="effective")
    task = models.TextField()
    queue = models.TextField()
    tags = models.TextField()
    search = models.TextField()
    pause = JsonField(null=True)
    pause_start = InstantField(db_column="pause_start_us", null=True)
    quarantine = models.TextField(null=True)
    generation = models.IntegerField()
    revision = models.IntegerField()
    cursor = InstantField(db_column="cursor_us")
    next_due = InstantField(db_column="next_due_us", null=True)
    runs_made = models.IntegerField()
    created_at = InstantField(db_column="created_us")
    updated_at = InstantField(db_column="updated_us")

    class Meta:
        db_table = "rota_schedule"
        ordering = ("name",)
        default_permissions = ("view", "change")
        permissions = (("trigger_schedule", "Can run a schedule now"),)

    def __str__(self) -> str:
        return str(self.name)


class Override(models.Model):
    """An operator's value for one field of a schedule."""

    pk = models.CompositePrimaryKey("schedule_id", "field")
    schedule = models.ForeignKey(
        Schedule, models.DO_NOTHING, related_name="overrides", db_column="schedule_id", db_constraint=False
    )
    field = models.TextField()
    value = JsonField()
    author = models.TextField()
    reason = models.TextField()
    created_at = InstantField(db_column="created_us")
    until = InstantField(db_column="until_us", null=True)

    class Meta:
        db_table = "rota_override"
        default_permissions = READ


class Success(models.Model):
    """Due time of the latest occurrence of a schedule that succeeded."""

    schedule_id = IdField(primary_key=True)
    planned_at = InstantField(db_column="planned_us")

    class Meta:
        db_table = "rota_success"
        default_permissions = ()


class Run(models.Model):
    """A run, or the record of one that was skipped or missed, with its current or last attempt."""

    id = IdField(primary_key=True)
    rota = models.TextField()
    task = models.TextField()
    state = models.TextField()
    origin = models.TextField()
    args = JsonField()
    policy = JsonField()
    queue = models.TextField()
    priority = models.IntegerField()
    created_at = InstantField(db_column="created_us")
    run_at = InstantField(db_column="run_at_us")
    schedule_id = IdField(null=True)
    schedule = models.TextField(null=True)
    planned_at = InstantField(db_column="planned_us", null=True)
    count = models.BigIntegerField()
    reason = models.TextField(null=True)
    is_catch_up = models.BooleanField()
    lane = models.TextField(null=True)
    blocked_by = IdField(null=True)
    parent = IdField(null=True)
    made_by = models.TextField(null=True)
    attempt = models.IntegerField()
    node = models.TextField(null=True)
    lease_until = InstantField(db_column="lease_until_us", null=True)
    started_at = InstantField(db_column="started_us", null=True)
    finished_at = InstantField(db_column="finished_us", null=True)
    outcome = models.TextField(null=True)
    result = JsonField(null=True)
    failure = JsonField(null=True)
    done = models.FloatField(null=True)
    total = models.FloatField(null=True)
    note = models.TextField(null=True)
    cancel_by = models.TextField(null=True)

    class Meta:
        db_table = "rota_run"
        ordering = ("-created_at", "-id")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return str(self.id)


class Handover(models.Model):
    """A run that another back end of `django.tasks` executes. No mirror: this table is Django's alone.

    Attributes:
        attempt: The one that handed it over.
        message: Id of the result there.
    """

    run_id = IdField(primary_key=True)
    attempt = models.IntegerField()
    backend = models.TextField()
    message = models.TextField()
    at = InstantField(db_column="at_us")

    class Meta:
        db_table = "rota_handover"
        default_permissions = ()


class Attempt(models.Model):
    """An attempt that was followed by another one."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(
        Run, models.DO_NOTHING, related_name="attempts", db_column="run_id", db_constraint=False
    )
    number = models.IntegerField()
    node = models.TextField(null=True)
    started_at = InstantField(db_column="started_us", null=True)
    finished_at = InstantField(db_column="finished_us", null=True)
    outcome = models.TextField(null=True)
    failure = JsonField(null=True)

    class Meta:
        db_table = "rota_attempt"
        default_permissions = READ


class Log(models.Model):
    """A part of the log of an attempt."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        Run, models.DO_NOTHING, related_name="logs", db_column="run_id", db_constraint=False
    )
    attempt = models.IntegerField()
    size = models.IntegerField()
    text = models.TextField()

    class Meta:
        db_table = "rota_log"
        ordering = ("id",)
        default_permissions = READ


class PastError(models.Model):
    """One of the last errors of a schedule, which outlive its runs."""

    id = models.BigAutoField(primary_key=True)
    schedule = models.ForeignKey(
        Schedule, models.DO_NOTHING, related_name="past_errors", db_column="schedule_id", db_constraint=False
    )
    run_id = IdField()
    at = InstantField(db_column="at_us")
    failure = JsonField()

    class Meta:
        db_table = "rota_error"
        ordering = ("-at", "-id")
        default_permissions = READ


class Node(models.Model):
    """A process that takes part; `facts` is what it says of itself."""

    id = models.TextField(primary_key=True)
    rota = models.TextField()
    seen_at = InstantField(db_column="seen_us")
    facts = JsonField(db_column="node")
    drain_by = models.TextField(null=True)

    class Meta:
        db_table = "rota_node"
        ordering = ("id",)
        default_permissions = READ

    def __str__(self) -> str:
        return str(self.id)


class AuditLine(models.Model):
    """What someone did, when and why."""

    id = models.BigAutoField(primary_key=True)
    at = InstantField(db_column="at_us")
    rota = models.TextField()
    actor = models.TextField()
    via = models.TextField()
    action = models.TextField()
    subject = models.TextField()
    reason = models.TextField()
    before = JsonField()
    after = JsonField()

    class Meta:
        db_table = "rota_audit"
        ordering = ("-at", "-id")
        default_permissions = READ

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Generation(models.Model):
    """The declaration in force."""

    rota = models.TextField(primary_key=True)
    number = models.IntegerField()
    fingerprint = models.TextField()
    revision = models.IntegerField()
    synced_at = InstantField(db_column="synced_us")
    past = JsonField()

    class Meta:
        db_table = "rota_generation"
        default_permissions = ()


class User(models.Model):
    """Someone who signs in to the stand-alone web face. Users of Django need none of these."""

    pk = models.CompositePrimaryKey("rota", "name")
    rota = models.TextField()
    name = models.TextField()
    role = models.TextField()
    password = models.TextField()
    created_at = InstantField(db_column="created_us")

    class Meta:
        db_table = "rota_user"
        default_permissions = ()


class Token(models.Model):
    """The token of a program, or of a browser that signed in to the stand-alone web face: its hash."""

    id = models.TextField(primary_key=True)
    rota = models.TextField()
    kind = models.TextField()
    owner = models.TextField()
    role = models.TextField()
    label = models.TextField()
    digest = models.TextField(unique=True)
    created_at = InstantField(db_column="created_us")
    expires_at = InstantField(db_column="expires_us", null=True)
    used_at = InstantField(db_column="used_us", null=True)

    class Meta:
        db_table = "rota_token"
        default_permissions = ()
