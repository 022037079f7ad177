"""Paths that lead to the rows of a list of parts, such as `phones.number`: where search and duplicates may look too."""

from __future__ import annotations

from metamodel.objects import InverseDef, ObjectDef
from metamodel.source import LocatedText


def child_path(object_def: ObjectDef, path: LocatedText) -> tuple[InverseDef, LocatedText] | None:
    """Give the list of parts that a path starts with and the rest of it, a path of its rows; None for other paths."""
    name, dot, _ = path.text.partition(".")
    inverse = object_def.inverses.get(name)
    if not dot or inverse is None or not inverse.owned or name in object_def.fields:
        return None
    return inverse, path.part(len(name) + 1, len(path.text))
