"""Pipelines on a board: links to the records of one type each, and the columns that follow from what is shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from metamodel.fields import FieldDef, OptionDef
from metamodel.objects import ObjectDef
from metamodel.record_types import RECORD_TYPE, RecordTypeDef, pipeline_options
from metamodel.texts import label_text
from metamodel.views import ViewDef
from ui.context import language
from ui.page_parts import Tab
from ui.pages.filters import filter_parts, joined
from ui.pages.list_state import ListState
from workflow_dsl.printer import quote as quote_text


def types_with_columns(object_def: ObjectDef, by: FieldDef) -> tuple[RecordTypeDef, ...]:
    """Give the object's record types, if any of them has columns of its own."""
    has_own = any(kind.options_of(by.name) is not None for kind in object_def.record_types)
    return object_def.record_types if has_own else ()


def column_options(
    by: FieldDef, types: tuple[RecordTypeDef, ...], view: ViewDef, state: ListState
) -> tuple[OptionDef, ...]:
    """Give the options that are columns: those of the one type shown, in its order, else all."""
    shown = _shown_type(types, view, state)
    return pipeline_options(by, shown.options_of(by.name) if shown is not None else None)


def type_tabs(types: tuple[RecordTypeDef, ...], view: ViewDef, state: ListState) -> tuple[Tab, ...]:
    """Give a link a record type, and one to all of them together."""
    if not types or _said(types, view.where.text if view.where is not None else "") is not None:
        return ()
    shown, filters = _shown_type(types, view, state), _filters(types)
    others = [part for part in filter_parts(state.filter) if part not in filters]
    every = Tab(label=str(_("All types")), href=state.url(filter=joined(others)), current=shown is None, icon="stack-2")
    own = (
        Tab(
            label=label_text(kind.label, language(), kind.name),
            href=state.url(filter=joined([*others, text])),
            current=kind is shown,
            icon="route",
        )
        for text, kind in filters.items()
    )
    return (every, *own)


def _shown_type(types: tuple[RecordTypeDef, ...], view: ViewDef, state: ListState) -> RecordTypeDef | None:
    """Give the record type that all records of the board have, as its view or filter says."""
    where = view.where.text if view.where is not None else ""
    return _said(types, where) or _said(types, state.filter)


def _said(types: tuple[RecordTypeDef, ...], text: str) -> RecordTypeDef | None:
    filters = _filters(types)
    return next((filters[part] for part in filter_parts(text) if part in filters), None)


def _filters(types: tuple[RecordTypeDef, ...]) -> Mapping[str, RecordTypeDef]:
    return {f"{RECORD_TYPE} = {quote_text(kind.name)}": kind for kind in types}
