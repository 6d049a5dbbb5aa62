"""Runs: what was executed, with which arguments, how it ended and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin

from rota.core.records import ENDED, Attempt, Run, RunQuery, RunState
from rota.errors import UnknownRun
from rota.integrations.django import models
from rota.integrations.django.admin import html
from rota.integrations.django.admin.acts import RUNS, Act, ActsMixin
from rota.integrations.django.admin.base import RotaAdmin, face_url
from rota.integrations.django.admin.listing import Asked, Page, choice, named
from rota.operations.history import list_runs
from rota.operations.lookups import SHORTEST_TAIL, run_like
from rota.operations.story import story
from rota.web.ui.formats import prose, span, took

PER_PAGE = 50
SPANS = {
    "the last hour": timedelta(hours=1),
    "the last day": timedelta(days=1),
    "the last week": timedelta(days=7),
}


class RunAdmin(ActsMixin, RotaAdmin):
    """Runs, newest first. They are read, retried and cancelled; nothing in them is edited."""

    face_list = "runs"
    acts = RUNS
    has_history = True
    list_display = ("name", "state_", "task_", "due", "started", "took", "tries", "node_")
    list_filter = (
        choice("state", "state", tuple(map(str, RunState))),
        choice("since", "time", tuple(SPANS)),
        named("queue", "queue"),
        named("task", "task"),
    )
    search_help_text = "The whole name of a schedule, or a run's id or the end of it."
    fieldsets = (
        (None, {"fields": ("state_", "why", "schedule_", "task_", "made_by_", "related")}),
        ("Times", {"fields": ("due", "queued", "started_at_", "ended", "took")}),
        ("Attempts", {"fields": ("tries", "node_", "attempts_", "error")}),
        ("Arguments and result", {"fields": ("arguments", "result_")}),
        ("Log", {"fields": ("log",)}),
    )

    def has_operate_permission(self, request: Any) -> bool:
        """Retry and cancel take the permission to change runs."""
        return bool(request.user.has_perm("rota.change_run"))

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def known(self, name: str) -> set[str]:
        """Return the queues, or the tasks, that the code names."""
        registry = self.rota.registry
        return set(registry.queues()) if name == "queue" else set(registry.tasks)

    def page(self, asked: Asked) -> Page:
        now = self.rota.clock.now()
        query = query_of(asked, now)
        if asked.text and (one := self._by_id(asked.text)) is not None:
            found = [one]
        else:
            found = list_runs(self.rota, query)
        more = (
            f"{found[PER_PAGE - 1].created_at.isoformat()}_{found[PER_PAGE - 1].id}"
            if len(found) > PER_PAGE
            else ""
        )
        return Page([mirror(one, now) for one in found[:PER_PAGE]], more)

    def _by_id(self, text: str) -> Run | None:
        if len(text) < SHORTEST_TAIL or set(text.lower()) - set("0123456789abcdef-"):
            return None
        try:
            return run_like(self.rota, text)
        except UnknownRun:
            return None

    def get_object(self, request: Any, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.now, obj.story = self.rota.clock.now(), story(self.rota, obj.pk)
            obj.record = obj.story.run
        return obj

    def fits(self, act: Act, obj: Any) -> bool:
        return (obj.record.state in ENDED) is (act.name == "retry")

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        links = [] if obj is None else self.act_links(request, obj)
        return super().change_view(
            request, object_id, form_url, {"act_links": links, **(extra_context or {})}
        )

    def face_address(self, object_id: str) -> str | None:
        return face_url(f"runs/{object_id}")

    @admin.display(description="Run")
    def name(self, obj: Any) -> str:
        return str(obj.record.schedule or obj.record.task)

    @admin.display(description="State")
    def state_(self, obj: Any) -> Any:
        return html.run_state(obj.record)

    @admin.display(description="Why")
    def why(self, obj: Any) -> Any:
        return html.safe(prose(obj.story.sentence))

    @admin.display(description="Schedule")
    def schedule_(self, obj: Any) -> Any:
        return html.schedule_link(obj.record.schedule_id, obj.record.schedule)

    @admin.display(description="Task")
    def task_(self, obj: Any) -> Any:
        return html.small_code(obj.record.task)

    @admin.display(description="Made by")
    def made_by_(self, obj: Any) -> str:
        run: Run = obj.record
        parts = [
            str(run.origin),
            *([f"by {run.by}"] if run.by else []),
            *([f"({run.reason})"] if run.reason else []),
        ]
        return " ".join(parts)

    @admin.display(description="Other runs")
    def related(self, obj: Any) -> Any:
        """Link the runs around it."""
        one = obj.story
        found = [
            ("Before it", one.previous and one.previous.id),
            ("After it", one.next and one.next.id),
            ("In its way", one.run.blocked_by),
            ("It retries", one.run.parent),
            *(("Retried by", each.id) for each in one.retries),
        ]
        return html.lines([html.labelled(label, html.run_link(run_id)) for label, run_id in found if run_id])

    @admin.display(description="Due")
    def due(self, obj: Any) -> Any:
        return html.when(obj.record.planned_at or obj.record.run_at, obj.now, self.rota.timezone)

    @admin.display(description="Queued")
    def queued(self, obj: Any) -> Any:
        return html.instant(obj.record.created_at, obj.now, self.rota.timezone)

    @admin.display(description="Started")
    def started(self, obj: Any) -> Any:
        return html.when(obj.record.started_at, obj.now, self.rota.timezone)

    @admin.display(description="Started")
    def started_at_(self, obj: Any) -> Any:
        return html.instant(obj.record.started_at, obj.now, self.rota.timezone)

    @admin.display(description="Ended")
    def ended(self, obj: Any) -> Any:
        return html.instant(obj.record.finished_at, obj.now, self.rota.timezone)

    @admin.display(description="Took")
    def took(self, obj: Any) -> str:
        return took(obj.record)

    @admin.display(description="Attempts")
    def tries(self, obj: Any) -> str:
        return f"{obj.record.attempt} of {obj.record.policy.retry.attempts}"

    @admin.display(description="Node")
    def node_(self, obj: Any) -> str:
        return obj.record.node or html.NOTHING

    @admin.display(description="Each attempt")
    def attempts_(self, obj: Any) -> Any:
        return html.table(
            ("No.", "Outcome", "Node", "Started", "Took", "Error"),
            [_row(one, self.rota.timezone) for one in obj.story.attempts],
        )

    @admin.display(description="Error")
    def error(self, obj: Any) -> Any:
        failure = obj.record.failure
        if failure is None:
            return html.NOTHING
        return html.code(failure.traceback or f"{failure.kind}: {failure.message}")

    @admin.display(description="Arguments")
    def arguments(self, obj: Any) -> Any:
        return html.value(dict(obj.record.args))

    @admin.display(description="Result")
    def result_(self, obj: Any) -> Any:
        return html.value(obj.record.result)

    @admin.display(description="Log")
    def log(self, obj: Any) -> Any:
        return html.code("".join(one.log for one in obj.story.attempts))


def mirror(run: Run, now: datetime) -> models.Run:
    """Return the mirror of a run, with what the columns show."""
    made = models.Run(id=run.id, task=run.task, schedule=run.schedule)
    made.record, made.now = run, now
    return made


def query_of(asked: Asked, now: datetime) -> RunQuery:
    """Return what the store is asked for: one more than a page, to know whether there is a next one."""
    given = asked.filters
    at, _, run_id = asked.after.partition("_")
    back = SPANS.get(given.get("since", ""))
    state = given.get("state", "")
    return RunQuery(
        schedule=asked.text or None,
        states=(RunState(state),) if state in set(map(str, RunState)) else (),
        queue=given.get("queue"),
        task=given.get("task"),
        since=now - back if back else None,
        before=(datetime.fromisoformat(at), run_id) if _is_instant(at) else None,
        limit=PER_PAGE + 1,
    )


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _row(one: Attempt, zone: str) -> tuple[Any, ...]:
    error = f"{one.failure.kind}: {one.failure.message[:1000]}" if one.failure else html.NOTHING
    return (
        one.number,
        html.badge(str(one.outcome or "running")),
        one.node or html.NOTHING,
        html.stamp(one.started_at, zone),
        span(one.finished_at - one.started_at if one.finished_at and one.started_at else None),
        error,
    )
