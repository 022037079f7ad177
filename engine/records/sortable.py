"""Says by what lists can be sorted: some values have no order, and no order reads records of two databases."""

from __future__ import annotations

from engine.access.compiler import Access
from engine.errors import QueryProblem
from engine.records.parts import ReleaseParts
from engine.records.query import QueryCompiler
from engine.records.questions import Question
from metamodel.objects import ObjectDef
from metamodel.views import SortKey


def can_sort_by(parts: ReleaseParts, access: Access, object_def: ObjectDef, path: str) -> bool:
    """Say whether the door takes a path as an order of an object's lists; tried once a release and set of roles."""
    key = ("sorted by", object_def.key, path, None if access.full else access.roles)
    found: bool = parts.asked.find(key, lambda: _is_taken(parts, access, object_def, path))
    return found


def _is_taken(parts: ReleaseParts, access: Access, object_def: ObjectDef, path: str) -> bool:
    asked = Question(object=object_def.key, fields=("id",), sort=(SortKey(path=path),))
    try:
        QueryCompiler(parts, access, object_def, asked.language).page(asked)
    except QueryProblem:
        return False
    return True
