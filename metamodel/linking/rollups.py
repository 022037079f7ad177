"""Finds what a roll-up reads, and with that the type of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.fields import FieldDef, RollupFunction
from metamodel.names import did_you_mean
from metamodel.objects import InverseDef
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Problems

SUMMABLE = frozenset(("integer", "decimal", "percent", "money"))


def resolve_rollups(
    drafts: Mapping[str, ObjectDraft], inverses: Mapping[str, Mapping[str, InverseDef]], problems: Problems
) -> dict[str, ObjectDraft]:
    """Give the drafts with `result_type` set on every roll-up; roll-ups over roll-ups are followed.

    Problems: OBJ241 unknown list, OBJ242 unknown field, OBJ243 not a number, OBJ244 circle, OBJ245 missing field.
    """
    finder = _Finder(drafts, inverses, problems)
    resolved = {}
    for key, draft in drafts.items():
        fields = {
            name: replace(field, result_type=finder.result_type(key, field)) if field.rollup is not None else field
            for name, field in draft.fields.items()
        }
        resolved[key] = replace(draft, fields=fields)
    return resolved


class _Finder:
    def __init__(
        self,
        drafts: Mapping[str, ObjectDraft],
        inverses: Mapping[str, Mapping[str, InverseDef]],
        problems: Problems,
    ) -> None:
        self._drafts = drafts
        self._inverses = inverses
        self._problems = problems

    def result_type(self, key: str, field: FieldDef, chain: tuple[str, ...] = ()) -> str:
        """Give the type of a roll-up's values; `integer` after a problem."""
        rollup = field.rollup
        assert rollup is not None
        here = f"{key}.{field.name}"
        if here in chain:
            self._report("OBJ244", field, f"roll-ups read each other in a circle: {' → '.join((*chain, here))}")
            return "integer"
        child = self._child(key, field)
        if rollup.function is RollupFunction.COUNT or child is None:
            return "integer"
        if rollup.field_name is None:
            self._report("OBJ245", field, f"'{rollup.of.text}' names a list; to {rollup.function} it needs a field",
                         f"write {rollup.list_name}.field")  # fmt: skip
            return "integer"
        source = child.fields.get(rollup.field_name)
        if source is None:
            hint = did_you_mean(rollup.field_name, child.fields)
            self._report("OBJ242", field, f"'{rollup.field_name}' is not a field of {child.key}", hint,
                         skip=len(rollup.list_name) + 1)  # fmt: skip
            return "integer"
        found = self.result_type(child.key, source, (*chain, here)) if source.rollup is not None else source.type
        if rollup.function is RollupFunction.SUM and found not in SUMMABLE:
            self._report("OBJ243", field, f"'{rollup.field_name}' is {found}; a sum needs a number or money")
            return "integer"
        return found

    def _child(self, key: str, field: FieldDef) -> ObjectDraft | None:
        assert field.rollup is not None
        name = field.rollup.list_name
        inverse = self._inverses[key].get(name)
        if inverse is None:
            hint = did_you_mean(name, self._inverses[key])
            self._report("OBJ241", field, f"'{name}' is not a related list of {key}", hint)
            return None
        return self._drafts[inverse.object]

    def _report(self, code: str, field: FieldDef, message: str, hint: str = "", *, skip: int = 0) -> None:
        assert field.rollup is not None
        of = field.rollup.of
        self._problems.report(code, message, of.locate(skip), hint=hint, length=max(1, len(of.text) - skip))
