"""Lists of what a store returns, page by page. Nothing is counted: there may be millions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model

AFTER = "after"  # where the page begins, in the address


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see.

    Attributes:
        text: In the search field.
        filters: Those that are set, by name.
        order: Name of a column, with a minus for backwards; empty: as the list is ordered by itself.
        after: Where the page begins, as `Page.more` said it.
    """

    text: str
    filters: Mapping[str, str]
    order: str
    after: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes:
        rows: Mirrors, each with what the columns show.
        more: Where the next page begins; empty: this is the last.
    """

    rows: Sequence[Model]
    more: str = field(default="")


class StoredList(ChangeList):
    """A list whose rows `model_admin.page(asked)` returns."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Leave out where the page begins: it is no filter."""
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != AFTER}

    def get_results(self, request: Any) -> None:
        after = self.params.pop(AFTER, "")
        self.filter_params.pop(AFTER, None)  # no link but the next page's leads on from there
        page = self.model_admin.page(self._asked(after))
        self.result_list = page.rows
        self.result_count = len(page.rows)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(page.rows, max(len(page.rows), 1))
        self.next_page = page.more and self.get_query_string({AFTER: page.more})
        self.first_page = after and self.get_query_string()

    def _asked(self, after: str) -> Asked:
        filters = {one.parameter_name: one.value() for one in self.filter_specs if one.value()}
        order = ""
        for place, way in self.get_ordering_field_columns().items():
            order = ("-" if way == "desc" else "") + str(self.list_display[place])
        return Asked(self.query, filters, order if "o" in self.params else "", after)


def choice(name: str, label: str, choices: Sequence[str]) -> type[SimpleListFilter]:
    """Return a filter by one of some words; the page that is asked for obeys it."""

    class Choice(SimpleListFilter):
        title, parameter_name = label, name

        def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
            return [(one, one) for one in choices]

        def queryset(self, request: Any, queryset: Any) -> Any:
            return queryset

    return Choice


def named(name: str, label: str) -> type[SimpleListFilter]:
    """Return a filter by names that the model admin knows: `model_admin.known(name)`."""

    class Named(SimpleListFilter):
        title, parameter_name = label, name

        def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
            given = request.GET.get(name)
            known = {*model_admin.known(name), *([given] if given else [])}
            return [(one, one) for one in sorted(known)]

        def queryset(self, request: Any, queryset: Any) -> Any:
            return queryset

    return Named
