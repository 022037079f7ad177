"""The entries of a calendar: the records of its objects by the day of their date, one statement an object."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from engine.errors import UnknownObject
from engine.records.transaction import Transaction
from engine.records.types import MAX_PAGE, ListQuery, Record
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.views import SortKey, ViewDef, ViewType
from ui.context import language, release
from ui.formats import Formats
from ui.link_markup import SHOWN
from ui.page_parts import Crumb
from ui.pages.calendar_days import Period
from ui.pages.filters import filter_parts, joined
from ui.pages.list_plan import make_columns
from ui.pages.list_state import ListState
from ui.pages.rights import access_of
from ui.pages.values import value_at
from ui.rows import RowColumn

_COLOURS = ("blue", "green", "purple", "amber", "pink", "teal", "red", "lime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One object of a calendar. card: what an entry shows beside its title."""

    object_def: ObjectDef
    view: ViewDef
    by: FieldDef
    card: tuple[RowColumn, ...]
    color: str
    may_move: bool

    @property
    def label(self) -> str:
        """Give the name of its calendar."""
        named = self.view.label or self.object_def.plural or self.object_def.label
        return label_text(named, language(), self.view.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record on a day. action: where it is moved, "" where its reader may not. value: as its control has it."""

    id: str
    title: str
    href: str
    kind: str
    color: str
    clock: str
    notes: tuple[str, ...]
    action: str
    version: int
    field: str
    control: str
    value: str


def sources_of(object_def: ObjectDef, view: ViewDef, formats: Formats) -> Iterator[Source]:
    """Give the object and those beside it, without what the person may not read."""
    first = _source(object_def, view, 0, formats)
    if first is None:
        raise UnknownObject(object_def.key)
    yield first
    access = access_of()
    for index, each in enumerate(view.beside, start=1):
        key, _dot, name = each.text.rpartition(".")
        other = release().metamodel.objects.get(key)
        beside = other.views.get(name) if other is not None else None
        if other is None or beside is None or beside.type is not ViewType.CALENDAR or not access.of(key).visible:
            continue
        if beside.roles and not access.full and not access.roles & set(beside.roles):
            continue
        source = _source(other, beside, index, formats)
        if source is not None:
            yield source


def _source(object_def: ObjectDef, view: ViewDef, index: int, formats: Formats) -> Source | None:
    access = access_of()
    rights = access.of(object_def.key)
    by = object_def.fields.get(view.by or "")
    if by is None or by.name not in rights.readable:
        return None
    return Source(
        object_def=object_def,
        view=view,
        by=by,
        card=make_columns(release().metamodel, access, object_def, [path.text for path in view.card], formats.language),
        color=_COLOURS[index % len(_COLOURS)],
        may_move=rights.may("update") and by.name in rights.updatable,
    )


def read_entries(
    transaction: Transaction,
    sources: Sequence[Source],
    state: ListState,
    period: Period,
    formats: Formats,
    cut: list[Crumb],
) -> Mapping[dt.date, Sequence[Entry]]:
    """Give the entries by their day in the reader's zone; what narrows the page narrows the first object."""
    found: dict[dt.date, list[Entry]] = defaultdict(list)
    for source in sources:
        own = source is sources[0]
        kept = filter_parts(state.filter) if own else []
        query = ListQuery(
            object=source.object_def.key,
            view=source.view.name,
            filter=joined([*kept, *_between(source.by, period, wide=True)]),
            search=(state.search or None) if own else None,
            sort=(SortKey(path=source.by.name),),
            fields=tuple(dict.fromkeys([source.by.name, *(column.path for column in source.card)])),
            limit=MAX_PAGE,
            linked=SHOWN,
        )
        page = transaction.list(query)
        for record in page.rows:
            day = _day_of(record.values.get(source.by.name), formats)
            if day is not None and period.first <= day < period.end:
                found[day].append(_entry(source, record, formats))
        if page.next_cursor is not None:
            cut.append(Crumb(label=source.label, href=_list_url(source, joined([*kept, *_between(source.by, period)]))))
    return found


def _between(by: FieldDef, period: Period, *, wide: bool = False) -> tuple[str, ...]:
    """Give the conditions of a period. wide: a day more at both ends for moments, whose day is another in each zone."""
    if by.value_type == "date":
        return f"{by.name} >= {period.first}", f"{by.name} < {period.end}"
    spare = dt.timedelta(days=1 if wide else 0)
    return f"date({by.name}) >= {period.first - spare}", f"date({by.name}) < {period.end + spare}"


def _day_of(value: object, formats: Formats) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.astimezone(formats.zone).date()
    return value if isinstance(value, dt.date) else None


def _entry(source: Source, record: Record, formats: Formats) -> Entry:
    key, value = source.object_def.key, record.values.get(source.by.name)
    href = f"/o/{quote(key)}/{record.id}"
    moment = value if isinstance(value, dt.datetime) else None
    notes = (value_at(column.field, record, column.path, formats).text for column in source.card)
    title = record.title or str(_("Without a name"))
    return Entry(
        id=f"entry-{key}-{source.view.name}-{record.id}",
        title=title,
        href=href,
        kind=source.label,
        color=source.color,
        clock=formats.time(moment.astimezone(formats.zone).time().replace(second=0, microsecond=0)) if moment else "",
        notes=tuple(text for text in notes if text and text != title),
        action=f"{href}/move" if source.may_move else "",
        version=record.version,
        field=source.by.name,
        control="datetime-local" if moment else "date",
        value=formats.input_datetime(moment) if moment else str(value),
    )


def _list_url(source: Source, text: str) -> str:
    lists = next((view.name for view in source.object_def.views.values() if view.type is ViewType.LIST), "")
    return ListState(object=source.object_def.key, view=lists, filter=text).url()
