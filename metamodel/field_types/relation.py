"""Relations: lookup, child_of and user. A value is the record's id, or a `Ref` where several objects are allowed.

Whether the record exists and may be seen is for the layer that reads records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm
from metamodel.fields import FieldDef
from metamodel.values import Ref

# Of another database's records the key there, behind a `~` where it is written in letters.
_ID = re.compile(r"~?[A-Za-z0-9_-]{1,799}\Z", re.ASCII)
_MEMBERS = frozenset(("id", "object", "title"))
_KEYS = {
    "lookup": frozenset(("to", "inverse", "on_delete", "where", "tree")),
    "child_of": frozenset(("to", "inverse", "where")),
    "user": frozenset(("inverse", "on_delete", "where")),
}


class RelationType(FieldType):
    """A field that points at a record."""

    dsl_type: str = "record"
    takes_formula: bool = False
    literal_default: bool = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.widget = "user" if name == "user" else "lookup"
        self.keys = _KEYS[name]
        self.required_keys = frozenset() if name == "user" else frozenset(("to",))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.REFERENCE if _single(field) is not None else StorageKind.ANY_REFERENCE

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        single = _single(field)
        given, record_id = _parts_of(raw)
        if record_id is None:
            return None
        if single is not None:
            if given is not None and given != single:
                raise FieldValueError("wrong_object", object=given, targets=(single,))
            return record_id
        if given is None:
            raise FieldValueError("not_record")
        return Ref(given, record_id)

    def check(self, value: object, field: FieldDef) -> None:
        if isinstance(value, Ref) == (_single(field) is not None):
            raise FieldValueError("not_record")
        record_id = value.id if isinstance(value, Ref) else value
        if not isinstance(record_id, str) or not _ID.match(record_id):
            raise FieldValueError("not_record")
        targets = field.relation.targets if field.relation is not None else ()
        if isinstance(value, Ref) and targets and value.object not in targets:
            raise FieldValueError("wrong_object", object=value.object, targets=targets)

    def to_json(self, value: object, field: FieldDef) -> object:
        if isinstance(value, Ref):
            return {"object": value.object, "id": value.id}
        return {"id": value}

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        # A record without a title, or one that the reader may not see, is named by its id.
        title = title.strip() if title is not None and form.labelled else ""
        if isinstance(value, Ref):
            return (f"{value.object}:{title or value.id}",)
        return (title or str(value),)


def _single(field: FieldDef) -> str | None:
    return field.relation.single_target if field.relation is not None else None


def _parts_of(raw: object) -> tuple[str | None, str | None]:
    """Give object key (if told) and id of `{"object": …, "id": …}`, a Ref, `object:id` or a bare id."""
    if isinstance(raw, Ref):
        return raw.object, raw.id
    if isinstance(raw, Mapping):
        if "id" not in raw or not _MEMBERS.issuperset(raw):
            raise FieldValueError("not_record")
        given, record_id = raw.get("object"), raw.get("id")
        if not (given is None or isinstance(given, str)) or not (record_id is None or isinstance(record_id, str)):
            raise FieldValueError("not_record")
        return given, record_id or None
    if isinstance(raw, str):
        before, colon, after = raw.strip().rpartition(":")
        return (before, after) if colon else (None, after)
    raise FieldValueError("not_record")
