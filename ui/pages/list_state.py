"""The whole state of a list as its address holds it, and the addresses that change one part of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict

from engine.records.types import ListQuery
from metamodel.objects import ObjectDef
from metamodel.views import SortKey, ViewDef, ViewType
from ui.link_markup import SHOWN
from ui.pages.list_columns import parse_columns, print_columns
from ui.whole_numbers import whole_number

PAGE_SIZES = (25, 50, 100, 200)
_GROUP = re.compile(r"[a-z_][a-z0-9_]*")
COMPACT = "compact"
"""The density of rows that is not the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What of an object is shown and how: the parameters of `/o/{object}`.

    columns: those shown in place of the view's, as list_columns.py writes them. group: one or two fields whose groups
    have a head (list_groups.py). saved: the id of the saved view that it
    came from (ui/pages/saved_views.py). base: the page whose parameters these are, where it is another one.
    """

    object: str
    view: str = ""
    filter: str = ""
    search: str = ""
    sort: str = ""
    cursor: str = ""
    size: int = 50
    exact: bool = False
    columns: str = ""
    density: str = ""
    group: str = ""
    saved: str = ""
    base: str = ""

    def url(self, **changes: Any) -> str:
        """Give the address with some parts changed; any change but of the cursor starts at the first page."""
        if changes and "cursor" not in changes:
            changes["cursor"] = ""
        state = replace(self, **changes)
        pairs = state.hidden()
        if state.cursor:
            pairs["cursor"] = state.cursor
        if state.exact:
            pairs["count"] = "exact"
        return (self.base or f"/o/{quote(state.object)}") + (f"?{urlencode(pairs)}" if pairs else "")

    def hidden(self, *but: str) -> dict[str, str]:
        """Give what a form keeps of the address beside its own fields: all but the page and those named."""
        pairs = {
            "view": self.view,
            "filter": self.filter,
            "q": self.search,
            "sort": self.sort,
            "columns": self.columns,
            "density": self.density,
            "group": self.group,
            "size": str(self.size) if self.size != 50 else "",
            "saved": self.saved,
        }
        return {key: value for key, value in pairs.items() if value and key not in but}

    @property
    def paths(self) -> tuple[str, ...]:
        """What was chosen as columns."""
        return tuple(each.path for each in parse_columns(self.columns))

    def query(self, fields: tuple[str, ...], view: ViewDef | None) -> ListQuery:
        """Give the door's query for a page of this list."""
        return ListQuery(
            object=self.object,
            view=view.name if view is not None else None,
            filter=self.filter or None,
            search=self.search or None,
            sort=parse_sort(self.sort),
            fields=fields,
            cursor=self.cursor or None,
            limit=self.size,
            linked=SHOWN,
        )


def read_state(object_key: str, given: MultiDict[str, str], base: str = "") -> ListState:
    """Read the state from an address; sizes and switches that are none of ours count as not given."""
    size = whole_number(given.get("size", ""))
    return ListState(
        object=object_key,
        view=given.get("view", ""),
        filter=given.get("filter", "").strip(),
        search=given.get("q", "").strip(),
        sort=given.get("sort", ""),
        cursor=given.get("cursor", ""),
        size=size if size in PAGE_SIZES else 50,
        exact=given.get("count") == "exact",
        columns=print_columns(parse_columns(given.get("columns", ""))),
        density=COMPACT if given.get("density") == COMPACT else "",
        group=",".join(each for each in given.get("group", "").split(",") if _GROUP.fullmatch(each)),
        saved=given.get("saved", ""),
        base=base,
    )


def chosen_view(object_def: ObjectDef, state: ListState, roles: frozenset[str]) -> ViewDef | None:
    """Give the view of the address, else the object's first list; a view for other roles is not there."""
    visible = [view for view in object_def.views.values() if not view.roles or roles & set(view.roles)]
    named = next((view for view in visible if view.name == state.view), None)
    return named or next((view for view in visible if view.type is ViewType.LIST), None)


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Read `-amount,name`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(SortKey(path=part.removeprefix("-"), descending=part.startswith("-")) for part in parts)


def print_sort(keys: tuple[SortKey, ...]) -> str:
    """Write sort keys as in an address."""
    return ",".join(f"-{key.path}" if key.descending else key.path for key in keys)
