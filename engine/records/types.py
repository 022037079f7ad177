"""What goes in and comes out of the one door: queries, pages, records, results of saves, history, form states.

Plain values only. How a row of the database becomes one of these is compiled in `shapes`; nothing here reads or writes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import orjson

from engine.errors import FieldError
from engine.records.bulk_rows import BulkResult, RowResult, SaveRow
from metamodel.layouts import LayoutDef
from metamodel.views import SortKey

# Classes here have a field called `object`, which hides the built-in one in their bodies.
Value = object

MAX_PAGE = 200
COUNT_CAP = 1_001
MOST_LINKED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What to list.

    object: key. filter: an expression text over the object's fields, judged with the caller's readable fields.
    view: name of a view of the object: its `where` is added to the filter, its sort and columns stand where none
    are given.
    sort: paths with direction; () = the view's, else newest first. fields: fields or paths; () = the view's columns,
    else every readable field. limit: 1 … MAX_PAGE. cursor: `Page.next_cursor` of the page before. search: words looked
    for in the object's `search` paths. exported: only what may be exported, not all that may be read. linked: how many
    linked records a column of links gives of a record (an export gives all). binned: of the records in the bin those
    that may be read and restored, the last deleted first where no sort is given.
    """

    object: str
    filter: str | None = None
    view: str | None = None
    sort: tuple[SortKey, ...] = ()
    fields: tuple[str, ...] = ()
    limit: int = 50
    cursor: str | None = None
    search: str | None = None
    exported: bool = False
    linked: int = MOST_LINKED
    binned: bool = False


class RowShape(Protocol):
    """Turns one row as the driver gives it into a record or into JSON values; compiled, see `shapes`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields and paths of a row in their order (id and version always come too)."""
        ...

    def record(self, row: Sequence[Any]) -> Record:
        """Make a record of a driver's row."""
        ...

    def json_rows(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Value]]:
        """Make the API's JSON values of rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as an actor may see it.

    values: field or path → Python value (see docs/architecture.md); a field that may not be read is absent.
    titles: lookup field or path → title of the record it points at, where that record may be read.
    masked: field or path → what stands for a value that is shown masked; its own is None then.
    title: how the record itself is called.
    """

    object: str
    id: str
    version: int
    values: Mapping[str, Value]
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    masked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    to_json: Callable[[Record], dict[str, Value]] | None = field(default=None, repr=False, compare=False)

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    @property
    def json(self) -> dict[str, Value]:
        """The API's form: decimals as strings, ISO dates, money and lookups as objects."""
        assert self.to_json is not None, "records made by hand have no API form"
        return self.to_json(self)

    def json_bytes(self) -> bytes:
        """Give the API's form as UTF-8 JSON."""
        return orjson.dumps(self.json)


class Page:
    """Rows of a list and where the next page starts; records are made only when asked for."""

    def __init__(self, raw: Sequence[Sequence[Any]], shape: RowShape, next_cursor: str | None) -> None:
        self._raw = raw
        self._shape = shape
        self.next_cursor = next_cursor

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields and paths that each row has, in the order asked for."""
        return self._shape.fields

    @cached_property
    def rows(self) -> tuple[Record, ...]:
        """The records of the page."""
        record = self._shape.record
        return tuple([record(row) for row in self._raw])

    def json_rows(self) -> list[dict[str, Value]]:
        """Give the rows in the API's form: `{"id": …, "version": …, field or path: value, …}`."""
        return self._shape.json_rows(self._raw)

    def json_bytes(self) -> bytes:
        """Give the rows as a UTF-8 JSON array (embed it with `orjson.Fragment`)."""
        return orjson.dumps(self.json_rows())

    def __len__(self) -> int:
        return len(self._raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many records match; `capped` = at least that many, counting stopped at COUNT_CAP."""

    value: int
    capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The outcome of a save.

    record: as the actor may read it after the save. changed: fields whose stored value is new; () = nothing was
    written. notices: warnings that were confirmed or passed, and infos.
    """

    record: Record
    created: bool
    changed: tuple[str, ...]
    notices: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field's value before and after a save; `masked`: it changed, the actor may not see how."""

    field: str
    old: Value = None
    new: Value = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareEntry:
    """What an entry of a history tells of a share. grantee: `user:<id>`, `team:<id>` or `role:<name>`.

    old, new: `read` or `edit` and the moment it ends, None = never; None where there was or is no share.
    """

    grantee: str
    old: tuple[str, dt.datetime | None] | None
    new: tuple[str, dt.datetime | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One save of a record as its history shows it.

    id: of the audit row, ascending. action: created, updated, deleted, restored, converted. actor_id: user,
    None = the product. origin: page, api, import, rule … run: id of the run that caused it, if one did.
    release: number it was saved under. reason: why a queue gave the record to its owner, where one did. share: what was
    shared with whom, where that is what was done.
    """

    id: int
    version: int
    at: dt.datetime
    action: str
    actor_id: str | None
    actor_title: str
    origin: str
    changes: tuple[FieldChange, ...]
    on_behalf_of: str | None = None
    run: str | None = None
    release: int | None = None
    reason: str | None = None
    share: ShareEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldState:
    """How a form shows one field; options: names of the options that may be chosen now, None = not a choice."""

    visible: bool
    required: bool
    readonly: bool
    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLayout:
    """The layout that is used for a record; is_only: whether the object has no other."""

    layout: LayoutDef
    is_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """What a form shows for the values typed so far, judged by the same expressions as the save.

    fields: shown fields only. layout: the one that fits. sections: one flag a section of it. values: the values as
    the save would see them (defaults and formulas filled in), but for those in `masked`: field → what stands for its
    value. titles: of the lookups among them. errors: values that cannot be read. title: what the stored record is
    called. lookups: those that are shown and may be set now.
    """

    fields: Mapping[str, FieldState]
    layout: ChosenLayout
    sections: tuple[bool, ...]
    values: Mapping[str, Value]
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    masked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    errors: tuple[FieldError, ...] = ()
    title: str = ""
    lookups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Lookups of an object whose choices are asked for; values: of the record that they stand in, as in memory."""

    object: str
    names: tuple[str, ...]
    values: Mapping[str, Value]


class Choice(NamedTuple):
    """A record offered by a lookup's picker; a tuple, since a form makes scores of them."""

    object: str
    id: str
    title: str


__all__ = [
    "COUNT_CAP",
    "MAX_PAGE",
    "BulkResult",
    "Choice",
    "ChosenLayout",
    "Count",
    "FieldChange",
    "FieldState",
    "FormState",
    "HistoryEntry",
    "ListQuery",
    "Lookups",
    "Page",
    "Record",
    "RowResult",
    "RowShape",
    "SaveRow",
    "Saved",
    "SortKey",
]
