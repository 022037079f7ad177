"""Records that a page only has the ids of, in histories and traces: their keys, and values with their titles."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records.reading import RecordKey
from metamodel.fields import FieldDef
from metamodel.values import Ref
from ui.formats import Formats
from ui.pages.values import shown_value

Titles = Mapping[RecordKey, str]


def record_key(field: FieldDef | None, value: object) -> RecordKey | None:
    """Give object and id of the record that a field's value points at, if it is one."""
    if field is None or field.relation is None or value is None:
        return None
    if isinstance(value, Ref):
        return value.object, value.id
    target = field.relation.single_target
    return (target, str(value)) if target is not None else None


def named_text(field: FieldDef, value: object, titles: Titles, formats: Formats) -> str:
    """Write a field's value, a record by its title; one that may not be read has none."""
    key = record_key(field, value)
    return titles.get(key, "–") if key is not None else shown_value(field, value, None, formats).text
