"""What records are called that a page only has the ids of: in histories and traces; one statement an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import UnknownObject
from engine.records.transaction import Transaction
from engine.records.types import MAX_PAGE, ListQuery
from metamodel.fields import FieldDef
from metamodel.values import Ref
from ui.formats import Formats
from ui.pages.values import shown_value
from workflow_dsl.printer import quote

RecordKey = tuple[str, str]
Titles = Mapping[RecordKey, str]


def read_titles(transaction: Transaction, wanted: Iterable[RecordKey]) -> Titles:
    """Give the titles of those records that may be read."""
    by_object: dict[str, dict[str, None]] = {}
    for object_key, record_id in wanted:
        by_object.setdefault(object_key, {})[record_id] = None
    found: dict[RecordKey, str] = {}
    for object_key, ids in by_object.items():
        listed = ", ".join(quote(each) for each in list(ids)[:MAX_PAGE])
        query = ListQuery(object=object_key, filter=f"id in [{listed}]", fields=("id",), limit=MAX_PAGE)
        try:
            found.update({(object_key, record.id): record.title for record in transaction.list(query).rows})
        except UnknownObject:  # its records may not be read, so they have no name here
            continue
    return found


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
