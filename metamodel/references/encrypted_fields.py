"""Checks the keys of encrypted fields: what the database would have to know of the value in clear is refused."""

from __future__ import annotations

from metamodel.fields import FieldDef
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Scalar, Sequence

_REFUSED = {
    "unique": "can't be unique",
    "external_id": "can't be an external id",
    "index": "needs no index",
    "multiple": "can't hold several values",
    "formula": "can't be computed",
}


def check_encrypted(key: Scalar, node: Mapping, field: FieldDef, problems: Problems) -> None:
    """Check one field.

    Problems: OBJ130.
    """
    if not field.encrypted:
        return
    for name, what in _REFUSED.items():
        written = node.key(name)
        value = node.get(name)
        if written is None or (isinstance(value, Scalar) and value.value is False):
            continue
        message = f"'{key.text}' is encrypted, so it {what}"
        hint = "the database sees no value that it could compare; keep what is looked for in a field of its own"
        problems.report("OBJ130", message, written.at, hint=hint, length=written.length)


def check_unique_keys(node: Node | None, draft: ObjectDraft, problems: Problems) -> None:
    """Check the `unique:` keys of an object.

    Problems: OBJ130.
    """
    for names in node.items if isinstance(node, Sequence) else ():
        for name in names.items if isinstance(names, Sequence) else ():
            field = draft.fields.get(name.text) if isinstance(name, Scalar) else None
            if field is not None and field.encrypted:
                message = f"'{field.name}' is encrypted, so it can't be part of a unique key"
                problems.report("OBJ130", message, name.at, length=name.length)
