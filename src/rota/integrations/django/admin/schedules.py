"""Schedules: how they stand, what comes next, and what operators do with them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote

from rota.core.records import ScheduleQuery, Source
from rota.errors import Conflict
from rota.integrations.django import models
from rota.integrations.django.access import operator_of
from rota.integrations.django.admin import html
from rota.integrations.django.admin.acts import SCHEDULES, Act, ActsMixin, noted
from rota.integrations.django.admin.base import RotaAdmin, face_url
from rota.integrations.django.admin.listing import Asked, Page, choice, named
from rota.integrations.django.admin.schedule_form import ScheduleForm
from rota.operations.foreseen import Foreseen, foreseen
from rota.operations.runners import are_several, runners, tasks_of
from rota.operations.schedules import get_schedule, list_with_runs
from rota.operations.sentences import policies
from rota.web.names import encoded
from rota.web.ui.formats import absolute, plural
from rota.web.ui.schedule_edit import MAIN, MORE
from rota.web.ui.schedule_list import SOURCES, STATES
from rota.web.ui.schedule_page import silence

if TYPE_CHECKING:
    from rota.app import Rota

PER_PAGE, STRIP, RUNS, NEXT = 50, 30, 10, 10
ORDERS = {"name_": "name", "-name_": "-name", "next": "next", "-next": "next"}
FACTS = ("state_", "timetable_", "next_times", "strip", "policies_")
EDITED = tuple(name for name, _, _ in MAIN)
RARELY = tuple(name for name, _, _ in MORE)


class ScheduleAdmin(ActsMixin, RotaAdmin):
    """Schedules, by name. What is edited becomes an override beside what the code declares."""

    face_list = "schedules"
    acts = SCHEDULES
    has_history = True
    list_display = ("name_", "state_", "timetable_", "strip", "next", "last", "source_")
    list_display_links = ("name_",)
    list_filter = (
        choice("state", "state", STATES),
        choice("source", "source", SOURCES),
        named("tag", "tag"),
        named("queue", "queue"),
        named("runner", "runner"),
    )
    sortable_by = ("name_", "next")
    search_help_text = "Part of the name, of the task or of the description."

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.user.has_perm("rota.change_schedule"))

    def has_trigger_permission(self, request: Any) -> bool:
        """To run a schedule now has a permission of its own."""
        return bool(request.user.has_perm("rota.trigger_schedule"))

    # -- the list
    def get_list_display(self, request: Any) -> tuple[str, ...]:
        """Show who executes the runs, if there are several who do."""
        return (*self.list_display, "runner_") if are_several(self.rota) else self.list_display

    def known(self, name: str) -> set[str]:
        """Return the tags or queues that the code names, or the runners if there are several."""
        if name == "runner":
            return set(runners(self.rota)) if are_several(self.rota) else set()
        declared = [one.definition for one in self.rota.registry.declared()]
        return (
            {one.queue for one in declared}
            if name == "queue"
            else {tag for one in declared for tag in one.tags}
        )

    def page(self, asked: Asked) -> Page:
        now = self.rota.clock.now()
        found = list_with_runs(self.rota, query_of(self.rota, asked), STRIP)
        rows = []
        for view, runs in found[:PER_PAGE]:
            row = models.Schedule(id=view.schedule.id, name=view.schedule.name)
            row.now, row.view, row.runs = now, view, runs
            rows.append(row)
        return Page(rows, _mark(rows[-1].view.schedule) if len(found) > PER_PAGE else "")

    # -- one
    def subject(self, obj: Any) -> str:
        return str(obj.name)

    def get_object(self, request: Any, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.now = self.rota.clock.now()
            obj.detail = get_schedule(self.rota, obj.name, runs=STRIP, count=NEXT)
            obj.view, obj.runs = obj.detail.view, tuple(reversed(obj.detail.runs))
        return obj

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return (*FACTS, "overrides_", "runs_", "errors_", "task_", "source_")

    def get_fieldsets(self, request: Any, obj: Any = None) -> list[Any]:
        """Show how it stands; then, to whoever may change it, what may be changed; then its history."""
        edit = [name for name in EDITED if name != "timetable"]
        ends = [
            "reason",
            *(["until"] if obj is None or obj.view.schedule.source is Source.CODE else []),
            "revision",
        ]
        changes = [
            ("Change", {"fields": ["timetable", *edit]}),
            ("More settings", {"fields": list(RARELY), "classes": ["collapse"]}),
            ("Why it is changed", {"fields": ends}),
        ]
        return [
            (
                None,
                {"fields": ["state_", "timetable_", "task_", "source_", "overrides_", "next_times", "strip"]},
            ),
            *(changes if self.has_change_permission(request, obj) else []),
            ("What happens", {"fields": ["policies_"]}),
            ("History", {"fields": ["runs_", "errors_"]}),
        ]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of this schedule, for whoever may change it."""
        if not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, fields=())
        return partial(ScheduleForm, rota=self.rota, detail=obj.detail, actor=operator_of(request))

    def fits(self, act: Act, obj: Any) -> bool:
        schedule = obj.view.schedule
        return {
            "pause": schedule.pause is None or not schedule.pause.has_begun(self.rota.clock.now()),
            "resume": schedule.pause is not None,
            "reset": bool(schedule.overrides),
        }.get(act.name, True)

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        obj = self.get_object(request, unquote(object_id))
        links = [] if obj is None else self.act_links(request, obj)
        address = None if obj is None else face_url(f"schedules/{encoded(obj.name)}")
        more = {"act_links": links, "face_address": address, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Let the operation do what the form has asked for."""
        form.result = None
        if not form.wanted:
            return
        try:
            form.result = form.apply()
        except Conflict as error:
            self.message_user(request, f"{error} Nothing was done.", messages.ERROR)

    def construct_change_message(self, request: Any, form: Any, formsets: Any, add: bool = False) -> Any:
        return form

    def log_change(self, request: Any, obj: Any, message: Any) -> None:
        """Say and note what was done; `message` is the form."""
        if message.result is None:
            if not message.wanted:
                self.message_user(request, "Nothing was changed.", messages.WARNING)
            return
        [effect] = message.result.effects
        if effect.done:
            noted(
                request,
                "Override" if obj.view.schedule.source is Source.CODE else "Edit",
                [(obj, effect.detail)],
            )
        self.message_user(request, f"{effect.detail}.", messages.SUCCESS if effect.done else messages.WARNING)

    def response_change(self, request: Any, obj: Any) -> Any:
        """Go where the button says, without Django's own message: ours says what has changed."""
        return (
            self.response_post_save_change(request, obj)
            if "_continue" not in request.POST
            else self._again(request)
        )

    def _again(self, request: Any) -> Any:
        from django.http import HttpResponseRedirect

        return HttpResponseRedirect(request.get_full_path())

    # -- columns and fields
    @admin.display(description="Schedule", ordering="name")
    def name_(self, obj: Any) -> str:
        return str(obj.name)

    @admin.display(description="State")
    def state_(self, obj: Any) -> Any:
        """Show the state, and why it is so."""
        schedule, view = obj.view.schedule, obj.view
        notes = []
        if pause := schedule.pause:
            until = f" until {absolute(pause.until, view.zone)}" if pause.until else ""
            begin = ""
            if not pause.has_begun(obj.now):
                begin = f"pause planned from {absolute(pause.start, view.zone)}{until} "
                until = ""
            notes = [f"{begin}by {pause.by}{until}{': ' if pause.reason else ''}{pause.reason}"]
        if schedule.quarantine:
            notes = [schedule.quarantine]
        return html.lines([html.badge(view.state), *notes]) if notes else html.badge(view.state)

    @admin.display(description="Timetable")
    def timetable_(self, obj: Any) -> Any:
        return html.lines([obj.view.words, html.small_code(obj.view.schedule.effective.timetable[:200])])

    @admin.display(description="Task")
    def task_(self, obj: Any) -> Any:
        return html.small_code(obj.view.schedule.effective.task)

    @admin.display(description="Last runs")
    def strip(self, obj: Any) -> Any:
        return html.picture(obj.runs, obj.now, obj.view.zone, STRIP)

    @admin.display(description="Next", ordering="next_due")
    def next(self, obj: Any) -> Any:
        return html.when(obj.view.next_due, obj.now, obj.view.zone)

    @admin.display(description="Last")
    def last(self, obj: Any) -> Any:
        """Show when it was last, and how that ended."""
        if not obj.runs:
            return html.NOTHING
        run = obj.runs[-1]
        at = run.started_at or run.planned_at or run.created_at
        return html.lines([html.when(at, obj.now, obj.view.zone), html.run_state(run)])

    @admin.display(description="Source")
    def source_(self, obj: Any) -> str:
        schedule = obj.view.schedule
        if not schedule.overrides:
            return str(schedule.source)
        return f"{schedule.source}, {plural(len(schedule.overrides), 'override')}"

    @admin.display(description="Runner")
    def runner_(self, obj: Any) -> str:
        return obj.view.runner or html.NOTHING

    @admin.display(description="Overrides")
    def overrides_(self, obj: Any) -> Any:
        """Show each field that an operator has changed: the code's value, the operator's, who and why."""
        zone = obj.view.zone
        rows = [
            (
                one.field,
                html.brief(one.declared),
                html.brief(one.effective),
                one.author,
                one.reason or html.NOTHING,
                absolute(one.until, zone) if one.until else "it is reset",
            )
            for one in obj.detail.fields
            if one.overridden
        ]
        return html.table(("Field", "Code", "In force", "By", "Why", "Until"), rows)

    @admin.display(description="Next times")
    def next_times(self, obj: Any) -> Any:
        schedule, zone = obj.view.schedule, obj.view.zone
        found = foreseen(schedule, obj.detail.upcoming, obj.now, zone)
        return html.lines([_ahead(one, zone) for one in found]) if found else silence(schedule)

    @admin.display(description="Policies")
    def policies_(self, obj: Any) -> Any:
        return html.lines(policies(obj.view.schedule.effective, obj.view.runner))

    @admin.display(description="Runs")
    def runs_(self, obj: Any) -> Any:
        rows = [
            (
                html.run_state(run),
                html.when(run.planned_at or run.run_at, obj.now, obj.view.zone),
                html.took(run),
                run.reason or html.NOTHING,
                html.run_link(run.id),
            )
            for run in obj.detail.runs[:RUNS]
        ]
        return html.table(("State", "Due", "Took", "Why", "Run"), rows)

    @admin.display(description="Last errors")
    def errors_(self, obj: Any) -> Any:
        rows = [
            (
                html.when(one.at, obj.now, obj.view.zone),
                f"{one.failure.kind}: {one.failure.message[:300]}",
                html.run_link(one.run_id),
            )
            for one in obj.detail.errors
        ]
        return html.table(("When", "Error", "Run"), rows)


def query_of(rota: Rota, asked: Asked) -> ScheduleQuery:
    """Return what the store is asked for: one more than a page, to know whether there is a next one."""
    given = asked.filters
    due, _, name = asked.after.partition("_")
    source, runner = given.get("source"), given.get("runner")
    return ScheduleQuery(
        state=given["state"] if given.get("state") in STATES else None,
        source=Source(source) if source in ("code", "user") else None,
        is_overridden=True if source == "override" else None,
        tag=given.get("tag"),
        tasks=tasks_of(rota, runner) if runner in runners(rota) else None,
        queue=given.get("queue"),
        text=asked.text or None,
        order=ORDERS.get(asked.order, "name"),
        after=name or None,
        after_due=_instant(due),
        limit=PER_PAGE + 1,
    )


def _ahead(one: Foreseen, zone: str) -> str:
    """Say when it is due, and what clocks do there; or that it is left out."""
    if one.left_out:
        times = f", {plural(one.count, 'time')}" if one.count > 1 else ""
        return f"{absolute(one.at, zone)} · {one.left_out}{times}"
    return " · ".join(filter(None, (absolute(one.at, zone), one.mark)))


def _mark(last: Any) -> str:
    return f"{last.next_due.isoformat() if last.next_due else ''}_{last.name}"


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
