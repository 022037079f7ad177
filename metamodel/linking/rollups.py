"""Finds what a roll-up reads, and with that the type of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from metamodel.field_types.number import DEFAULT_DIGITS
from metamodel.fields import FieldDef, RollupFunction
from metamodel.names import did_you_mean
from metamodel.objects import InverseDef
from metamodel.reading.object_file import ObjectDraft
from metamodel.source import Problems

SUMMABLE = frozenset(("integer", "decimal", "percent", "money"))
ORDERED = SUMMABLE | {"rating", "date", "datetime", "time", "duration"}
PICKED = ORDERED | {"text", "long_text", "email", "phone", "url", "color", "barcode", "autonumber"}
_OF_TYPES: Mapping[RollupFunction, frozenset[str]] = MappingProxyType(
    {
        RollupFunction.SUM: SUMMABLE,
        RollupFunction.AVG: SUMMABLE,
        RollupFunction.MIN: ORDERED,
        RollupFunction.MAX: ORDERED,
        RollupFunction.FIRST: PICKED,
        RollupFunction.LAST: PICKED,
    }
)
_NEEDS: Mapping[RollupFunction, str] = MappingProxyType(
    {
        RollupFunction.SUM: "a sum needs a number or money",
        RollupFunction.AVG: "an average needs a number or money",
        RollupFunction.MIN: "min needs a number, money, a date, a time or a duration",
        RollupFunction.MAX: "max needs a number, money, a date, a time or a duration",
        RollupFunction.FIRST: "first gives a text, a number, money, a date, a time or a duration",
        RollupFunction.LAST: "last gives a text, a number, money, a date, a time or a duration",
    }
)
_BY_ORDER = (RollupFunction.FIRST, RollupFunction.LAST)


def resolve_rollups(
    drafts: Mapping[str, ObjectDraft], inverses: Mapping[str, Mapping[str, InverseDef]], problems: Problems
) -> dict[str, ObjectDraft]:
    """Give the drafts with `result_type` and digits set on every roll-up; roll-ups over roll-ups are followed.

    Problems: OBJ241 unknown list, OBJ242 unknown field, OBJ243 wrong type, OBJ244 circle, OBJ245 missing field,
    OBJ246 no or a wrong order, OBJ247 an order that nothing needs.
    """
    finder = _Finder(drafts, inverses, problems)
    resolved = {}
    for key, draft in drafts.items():
        fields = {
            name: finder.resolved(key, field) if field.rollup is not None else field
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

    def resolved(self, key: str, field: FieldDef) -> FieldDef:
        """Give a roll-up with its result type, and with the digits of what it reads."""
        return replace(field, result_type=self.result_type(key, field), digits=self._digits(key, field))

    def _digits(self, key: str, field: FieldDef, depth: int = 0) -> int | None:
        """Give how many digits a roll-up keeps: its own, else those of the field it reads."""
        rollup = field.rollup
        if rollup is None or field.digits is not None or rollup.field_name is None or depth > len(self._drafts):
            return field.digits
        inverse = self._inverses[key].get(rollup.list_name)
        source = self._drafts[inverse.object].fields.get(rollup.field_name) if inverse is not None else None
        if inverse is None or source is None:
            return None
        found = self._digits(inverse.object, source, depth + 1)
        averaged = rollup.function is RollupFunction.AVG and source.type != "money"
        return max(found, DEFAULT_DIGITS) if averaged and found is not None else found

    def result_type(self, key: str, field: FieldDef, chain: tuple[str, ...] = ()) -> str:
        """Give the type of a roll-up's values; `integer` after a problem."""
        rollup = field.rollup
        assert rollup is not None
        here = f"{key}.{field.name}"
        if here in chain:
            self._report("OBJ244", field, f"roll-ups read each other in a circle: {' → '.join((*chain, here))}")
            return "integer"
        child = self._child(key, field)
        if child is None:
            return "integer"
        if rollup.function is RollupFunction.COUNT:
            self._check_order(field, child)
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
        if found not in _OF_TYPES[rollup.function] or source.multiple:
            several = "several values" if source.multiple else found
            self._report("OBJ243", field, f"'{rollup.field_name}' is {several}; {_NEEDS[rollup.function]}")
            return "integer"
        self._check_order(field, child)
        if found == "autonumber":
            return "text"
        return "decimal" if rollup.function is RollupFunction.AVG and found == "integer" else found

    def _check_order(self, field: FieldDef, child: ObjectDraft) -> None:
        rollup = field.rollup
        assert rollup is not None
        order, function = rollup.sorted_by, rollup.function.value
        if order is None:
            if rollup.function in _BY_ORDER:
                self._report("OBJ246", field, f"'{function}' needs an order", "add sorted_by: -created_at")
            return
        name = order.text.strip().lstrip("-")
        if rollup.function not in _BY_ORDER:
            message = f"'{function}' comes out the same in any order; `sorted_by` is for first and last"
            self._problems.report("OBJ247", message, order.at, length=len(order.text))
        elif (by := child.fields.get(name)) is None:
            hint = did_you_mean(name, child.fields)
            message = f"'{name}' is not a field of {child.key}"
            self._problems.report("OBJ246", message, order.at, hint=hint, length=len(order.text))
        elif (by.type not in PICKED and by.type != "rollup") or by.multiple:
            message = f"children can't be sorted by '{name}', which is {by.type}"
            hint = "texts, numbers, money, dates and times have an order"
            self._problems.report("OBJ246", message, order.at, hint=hint, length=len(order.text))

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
