"""Checks what lookups say of themselves: trees stand over one object and once, a `where` needs to know its objects."""

from __future__ import annotations

from metamodel.fields import FieldDef
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Scalar


def check_lookup(key: Scalar, node: MappingNode, field: FieldDef, draft: ObjectDraft, problems: Problems) -> None:
    """Check a field that points at records.

    Problems: OBJ253, OBJ254.
    """
    relation = field.relation
    if relation is None:
        return
    where = node.key("where")
    if where is not None and not relation.targets:
        message = f"'{field.name}' points at records of any object, so its 'where' has no fields to read"
        hint = "name the objects: to: [contact, account]"
        problems.report("OBJ254", message, where.at, hint=hint, length=where.length)
    written = node.key("tree")
    if not relation.tree or written is None:
        return
    if relation.targets != (draft.key,):
        message = f"'{field.name}' does not point at '{draft.key}' itself, so it makes no tree"
        hint = f"a tree is a lookup of an object to itself: to: {draft.name}"
        problems.report("OBJ253", message, written.at, hint=hint, length=written.length)
        return
    first = next(f for f in draft.fields.values() if f.relation is not None and f.relation.tree)
    if first.name != field.name:
        message = f"'{draft.key}' is a tree by '{first.name}' already"
        hint = "an object has one tree; make this a plain lookup"
        problems.report("OBJ253", message, written.at, hint=hint, length=written.length)
