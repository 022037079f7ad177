"""Checks `personal:` of fields: only what people or programs enter can be forgotten by itself."""

from __future__ import annotations

from metamodel.fields import FieldDef
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Scalar


def check_personal(key: Scalar, node: Mapping, field: FieldDef, problems: Problems) -> None:
    """Check one field.

    Problems: OBJ137 a personal field that is computed or a relation.
    """
    if not (field.is_computed or field.relation is not None):
        return
    written = node.key("personal") or key
    what = "computed" if field.is_computed else "a relation"
    message = f"'{key.text}' is {what}, so it can't be personal"
    hint = "mark the fields that it is made of" if field.is_computed else "mark the fields of the record it points at"
    problems.report("OBJ137", message, written.at, hint=hint, length=written.length)
