"""Which kept values of which objects a new release makes stale: what it computes otherwise, and roll-ups over that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.storage.renames import Renames
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef, ObjectDef

Texts = Mapping[str, Mapping[str, str]]
"""Object key → part (field or title) → the text it is computed from."""


def parts_to_recompute(
    metamodel: Metamodel, old: Texts, new: Texts, renames: Renames
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give objects with their stale parts, children before the parents that sum them up; new tables have no rows."""
    again: set[str] = set()
    before = {table: renames.tables[table].object for table in renames.tables}
    old_keys = {renames.object_after(table): key for table, key in before.items()}
    for key in children_first(metamodel):
        if key not in old_keys:
            continue
        parts = new.get(key, {})
        known = old.get(old_keys[key], {})
        stale = {part for part, text in parts.items() if known.get(part) != text}
        stale |= _rollups_over(metamodel.objects[key], again) & parts.keys()
        if stale:
            again.add(key)
            yield key, tuple(sorted(stale))


def _rollups_over(object_def: ObjectDef, children: Collection[str]) -> set[str]:
    found = set()
    for name, definition in object_def.fields.items():
        inverse = _list_of(object_def, definition)
        if inverse is not None and inverse.object in children:
            found.add(name)
    return found


def _list_of(object_def: ObjectDef, definition: FieldDef) -> InverseDef | None:
    return object_def.inverses.get(definition.rollup.list_name) if definition.rollup is not None else None


def children_first(metamodel: Metamodel) -> list[str]:
    """Give the objects in an order in which those that are summed up stand before those that sum them up."""
    found: dict[str, None] = {}

    def visit(key: str, above: frozenset[str]) -> None:
        if key in found or key in above:
            return
        object_def = metamodel.objects[key]
        for definition in object_def.fields.values():
            inverse = _list_of(object_def, definition)
            if inverse is not None:
                visit(inverse.object, above | {key})
        found[key] = None

    for key in metamodel.objects:
        visit(key, frozenset())
    return list(found)
