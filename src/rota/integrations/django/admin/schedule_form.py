"""The form of a schedule: other values for its fields, with a reason, and an end if wished."""

from __future__ import annotations

from typing import Any

from django import forms

from rota.core.records import Json, Source
from rota.errors import Conflict, InvalidValue, RotaError
from rota.integrations.django import models
from rota.operations import authoring
from rota.operations.actor import Actor
from rota.operations.instants import read_instant
from rota.operations.results import Result, ScheduleDetail
from rota.web.ui.schedule_edit import CHOICES, MAIN, MORE, changed_fields, text_of

LONG = ("args",)  # in a field of several lines


class ScheduleForm(forms.ModelForm):
    """What an operator wants a schedule to be. Nothing of the mirror is written: an operation does it.

    Args:
        detail: The schedule, as it is now.
        actor: Who asks.
    """

    reason = forms.CharField(
        max_length=500, required=False, help_text="For whoever asks later: it is in the audit."
    )
    until = forms.CharField(
        max_length=100, required=False, label="Only until",
        help_text="Then the code's values hold again. Such as 2h, or 2026-03-29 14:00. Empty: for good.",
    )  # fmt: skip
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = models.Schedule
        fields = ()

    def __init__(self, *args: Any, rota: Any, detail: ScheduleDetail, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rota, self._detail, self._actor = rota, detail, actor
        self.wanted: dict[str, Json] = {}
        schedule = detail.view.schedule
        self.fields["revision"].initial = schedule.revision
        for name, label, hint in (*MAIN, *MORE):
            self.fields[name] = _field(name, label, hint, text_of(schedule.effective, name))
            declared = text_of(schedule.declared, name)
            if declared != text_of(schedule.effective, name):
                self.fields[name].help_text = " · ".join(
                    filter(None, (hint, f"The code says: {declared or 'nothing'}"))
                )
        if schedule.source is Source.USER:
            del self.fields["until"]

    def clean(self) -> dict[str, Any]:
        """Check as the operation itself does, without doing it."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            self.wanted = changed_fields(
                self._detail.view.schedule, {name: str(one) for name, one in given.items()}
            )
            if self.wanted:
                self.apply(dry_run=True)
        except Conflict as error:
            self.add_error(None, f"{error} Load the page again to see what it is now.")
        except InvalidValue as error:
            self.add_error(self._place(error.field), str(error))
        except RotaError as error:
            self.add_error(None, str(error))
        return given

    def _place(self, field: str) -> str | None:
        """Return where to show an error: one about a part of a value names the part, not the field."""
        if field in self.fields:
            return field
        return next(iter(self.wanted)) if len(self.wanted) == 1 else None

    def apply(self, *, dry_run: bool = False) -> Result:
        """Override the fields whose text was changed, or edit them if a user made the schedule."""
        given = self.cleaned_data
        typed = given.get("until", "")
        now, zone = self._rota.clock.now(), self._detail.view.zone
        return authoring.set_fields(
            self._rota,
            self._detail.view.schedule.name,
            self.wanted,
            self._actor,
            given.get("reason", ""),
            read_instant("until", typed, now, zone) if typed else None,
            dry_run=dry_run,
            expected_revision=given.get("revision"),
        )


def _field(name: str, label: str, hint: str, shown: str) -> forms.Field:
    options = {
        "label": label,
        "help_text": hint,
        "initial": shown,
        "required": name in ("timetable", "queue"),
    }
    if name in CHOICES:
        return forms.ChoiceField(choices=[(one, one.replace("_", " ")) for one in CHOICES[name]], **options)
    if name in LONG:
        rows = min(max(shown.count("\n") + 2, 3), 12)
        widget = forms.Textarea(
            attrs={"rows": rows, "class": "vLargeTextField rota-code", "spellcheck": "false"}
        )
        return forms.CharField(widget=widget, **options)
    width = "vTextField" if name in ("timetable", "tags", "description") else "rota-short"
    return forms.CharField(widget=forms.TextInput(attrs={"class": width, "autocomplete": "off"}), **options)
