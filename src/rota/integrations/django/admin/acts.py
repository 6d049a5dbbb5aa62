"""What is done to schedules and runs in Django's admin: plan, reason, result. One way for all of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst

from rota.core.masking import masked
from rota.errors import InvalidValue, RotaError
from rota.integrations.django.access import operator_of
from rota.operations import changing, draining, requesting
from rota.operations.instants import read_window
from rota.operations.lookups import schedule_named
from rota.operations.results import Effect, Result
from rota.web.ui.argform import unmasked, written
from rota.web.ui.formats import plural

MOST = 500  # at a time
SHOWN = 20  # effects of a plan or result, each in a line
LONGEST_REASON, LONGEST_ARGS = 500, 300_000


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done to what is selected.

    Attributes:
        question: Asks whether to; `{}` is what it is done to.
        permission: What Django's `allowed_permissions` calls it.
        do: The operation, which takes `dry_run`.
        has_window: It may be given a start and an end.
        has_args: It may be given other arguments when it is done to one.
    """

    name: str
    label: str
    question: str
    permission: str
    do: Callable[..., Result]
    has_window: bool = False
    has_args: bool = False


SCHEDULES = (
    Act("pause", "Pause", "Pause {}?", "change", changing.pause, has_window=True),
    Act("resume", "Resume", "Resume {}?", "change", changing.resume),
    Act("trigger", "Run now", "Run {} now?", "trigger", requesting.trigger_many, has_args=True),
    Act(
        "reset",
        "Reset to code",
        "Return {} to what the code declares?",
        "change",
        partial(changing.clear_fields, fields=()),
    ),
)
RUNS = (
    Act("retry", "Retry", "Retry {}?", "operate", requesting.retry_many),
    Act("cancel", "Cancel", "Cancel {}?", "operate", requesting.cancel_many),
)
NODES = (Act("drain", "Drain", "Drain {}?", "operate", draining.drain),)


class ActsMixin:
    """Offers acts as actions of the list, and as buttons of the page of each one."""

    acts: tuple[Act, ...] = ()

    def get_actions(self: Any, request: Any, action_location: Any = None) -> dict[str, Any]:
        """Offer the acts in a list, and nothing that Django does by itself, such as deleting.

        Since Django 6.1 `action_location` tells a list from the page of one object: that has buttons.
        """
        if action_location is not None and action_location.name != "CHANGE_LIST":
            return {}
        return {one.name: (_action(one), one.name, one.label) for one in self.acts if self.may(request, one)}

    def may(self: Any, request: Any, act: Act) -> bool:
        """Say whether who asks may do this."""
        return bool(getattr(self, f"has_{act.permission}_permission")(request))

    def get_urls(self: Any) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        own = path("<path:object_id>/do/<str:act>/", self.admin_site.admin_view(self.act_view), name=name)
        return [own, *super().get_urls()]  # type: ignore[misc]

    def act_view(self: Any, request: Any, object_id: str, act: str) -> HttpResponse:
        """Ask whether to do something to one."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        found = next((one for one in self.acts if one.name == act), None)
        if found is None or not self.may(request, found):
            raise PermissionDenied
        return asked(self, request, found, [obj], from_page=True)

    def act_links(self: Any, request: Any, obj: Any) -> list[tuple[str, str]]:
        """Return address and label of what may be done to one."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        offered = [one for one in self.acts if self.may(request, one) and self.fits(one, obj)]
        return [(reverse(name, args=[obj.pk, one.name]), one.label) for one in offered]

    def fits(self, act: Act, obj: Any) -> bool:
        """Say whether it would change anything."""
        return True


def _action(act: Act) -> Callable[..., Any]:
    @admin.action(description=act.label, permissions=[act.permission])
    def run(model_admin: Any, request: Any, queryset: Any) -> HttpResponse | None:
        chosen = list(queryset[: MOST + 1])
        if len(chosen) > MOST:
            model_admin.message_user(request, f"More than {MOST} are selected: choose fewer.", messages.ERROR)
            return None
        if not chosen:
            model_admin.message_user(request, "What was selected is gone.", messages.WARNING)
            return None
        return asked(model_admin, request, act, chosen, from_page="from_page" in request.POST)

    return run  # type: ignore[no-any-return]


def asked(
    model_admin: Any, request: Any, act: Act, chosen: Sequence[Any], *, from_page: bool
) -> HttpResponse:
    """Show what an act would do; or, once it is confirmed, do it and go back."""
    given = request.POST if "confirmed" in request.POST else {}
    # From a list: the very list, with its filters. The form of the question is sent there.
    changelist = reverse(f"admin:rota_{model_admin.opts.model_name}_changelist")
    back = request.get_full_path() if request.method == "POST" else changelist
    page = f"admin:rota_{model_admin.opts.model_name}_change"
    here = reverse(page, args=[chosen[0].pk]) if from_page else back
    problem = plan = None
    try:
        if given:
            result = _done(model_admin, request, act, chosen, given)
            _tell(model_admin, request, act, chosen, result)
            return HttpResponseRedirect(here)
        plan = _done(model_admin, request, act, chosen, given, dry_run=True)
    except RotaError as error:
        problem = error
    subjects = {model_admin.subject(one): str(one) for one in chosen}
    label = (
        next(iter(subjects.values()))
        if len(chosen) == 1
        else plural(len(chosen), str(model_admin.opts.verbose_name))
    )
    context = {
        **model_admin.admin_site.each_context(request),
        "title": act.question.format(label),
        "subtitle": None,
        "act": act,
        "chosen": chosen,
        "changes": _in_words(plan, subjects, done=True) if plan else [],
        "left": _in_words(plan, subjects, done=False) if plan else [],
        "problem": problem,
        "wrong": getattr(problem, "field", None),
        "given": given,
        "args": given.get("args", _stored_args(model_admin, act, chosen)),
        "key": given.get("key") or f"django-{secrets.token_hex(12)}",
        "zone": model_admin.rota.timezone,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        "back": back,
        "here": here,
        "from_page": from_page,
        "verbose_name_plural": capfirst(model_admin.opts.verbose_name_plural),
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/rota/act.html", context, status=400 if given else 200)


def _done(
    model_admin: Any, request: Any, act: Act, chosen: Sequence[Any], given: Any, *, dry_run: bool = False
) -> Result:
    rota, actor = model_admin.rota, operator_of(request)
    names = [model_admin.subject(one) for one in chosen]
    reason = given.get("reason", "").strip()[:LONGEST_REASON]
    more: dict[str, Any] = _window(given, rota) if act.has_window else {}
    if act.has_args and len(names) == 1 and not dry_run:
        key = given.get("key", "")[:100] or None
        made = requesting.trigger(rota, names[0], actor, _args(rota, names[0], given), key, reason)
        return Result(action="trigger", dry_run=False, effects=(Effect(names[0], True, f"run {made}"),))
    return act.do(rota, names, actor=actor, reason=reason, dry_run=dry_run, **more)


def _window(given: Any, rota: Any) -> dict[str, datetime | None]:
    start, until = (given.get(name, "").strip()[:100] for name in ("start", "until"))
    begin, end = read_window(start, until, rota.clock.now(), rota.timezone)
    return {"start": begin, "until": end}


def _stored_args(model_admin: Any, act: Act, chosen: Sequence[Any]) -> str | None:
    if not act.has_args or len(chosen) > 1:
        return None
    stored = schedule_named(model_admin.rota, model_admin.subject(chosen[0])).effective.args
    return written(masked(dict(stored)))


def _args(rota: Any, name: str, given: Any) -> dict[str, Any] | None:
    """Return other arguments than the schedule's, if any were typed. Raises `InvalidValue`."""
    stored = dict(schedule_named(rota, name).effective.args)
    typed = given.get("args", "").replace("\r\n", "\n")[:LONGEST_ARGS].strip()
    if typed in ("", written(masked(stored))):
        return None
    try:
        value = json.loads(typed)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("args", typed[:80], f"it is no JSON ({error})") from None
    if not isinstance(value, dict):
        raise InvalidValue("args", typed[:80], 'it must be an object, such as {"limit": 50}')
    return dict(unmasked(value, stored))


def _in_words(result: Result, subjects: dict[str, str], *, done: bool) -> list[str]:
    found = [one for one in result.effects if one.done is done]
    said = [f"{subjects.get(one.subject, one.subject)}: {_detail(result, one)}" for one in found[:SHOWN]]
    return [*said, *([f"and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else [])]


def _detail(result: Result, effect: Effect) -> str:
    """Say what becomes of one. The ids of a plan are not those of the runs that will be made."""
    return (
        "a new run"
        if result.dry_run and effect.done and result.action in ("trigger", "retry")
        else effect.detail
    )


def _tell(model_admin: Any, request: Any, act: Act, chosen: Sequence[Any], result: Result) -> None:
    """Say what was done, and note it among the recent actions of Django's admin."""
    subjects = {model_admin.subject(one): one for one in chosen}
    names = {name: str(one) for name, one in subjects.items()}
    changed = [one for one in result.effects if one.done]
    for words, level in (
        (_in_words(result, names, done=True), messages.SUCCESS),
        (_in_words(result, names, done=False), messages.WARNING),
    ):
        if words:
            model_admin.message_user(request, f"{act.label}. {'; '.join(words)}.", level)
    noted(
        request,
        act.label,
        [(subjects[one.subject], one.detail) for one in changed if one.subject in subjects],
    )


def noted(request: Any, label: str, done: Sequence[tuple[Any, str]]) -> None:
    """Note acts among the recent actions of Django's admin. What holds is the audit of Rota."""
    for obj, detail in done:
        LogEntry.objects.log_actions(request.user.pk, [obj], CHANGE, f"{label}: {detail}", single_object=True)
