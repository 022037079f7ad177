"""Objects whose records stand in a tree: the one lookup with `tree: true` that names the record above."""

from __future__ import annotations

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef


def tree_field(object_def: ObjectDef) -> FieldDef | None:
    """Give the lookup that names the record above, or None where the object is no tree."""
    for field in object_def.fields.values():
        if field.relation is not None and field.relation.tree and field.relation.single_target == object_def.key:
            return field
    return None
