"""Checks the values that actions write: fields exist and may be set, types fit, nothing required is left out."""

from __future__ import annotations

from collections.abc import Sequence

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedValue, FieldValue, NamedInput
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Expr, Pair, Span
from workflow_dsl.types import type_of_field


def check_field_values(
    checking: RuleChecking, object_def: ObjectDef, pairs: Sequence[Pair], *, creates: Span | None = None
) -> tuple[FieldValue, ...]:
    """Check a block of values for an object; `creates` is the place of a `create`, where required fields count."""
    values: list[FieldValue] = []
    names: set[str] = set()
    for pair in pairs:
        if pair.name.text in names:
            checking.refuse("RUL304", f"'{pair.name.text}' is given twice", pair.name.at)
        names.add(pair.name.text)
        found = check_field_value(checking, object_def, pair.name.text, pair.name.at, pair.value)
        if found is not None:
            values.append(found)
    if creates is not None:
        _check_required(checking, object_def, names, creates)
    return tuple(values)


def check_field_value(
    checking: RuleChecking, object_def: ObjectDef, name: str, at: Span, expression: Expr
) -> FieldValue | None:
    """Check one value for a field."""
    field_def = checking.find_field(object_def, name, at)
    if field_def is None or not _may_be_set(checking, object_def, field_def, at):
        checking.value(expression)
        return None
    checking.writes.add((object_def.key, name))
    value = checking.value(expression, type_of_field(field_def), f"the field '{name}'")
    return FieldValue(field=name, value=value) if value is not None else None


def _may_be_set(checking: RuleChecking, object_def: ObjectDef, field_def: FieldDef, at: Span) -> bool:
    if field_def.is_computed:
        kind = "a formula" if field_def.formula is not None else f"of type {field_def.type}"
        message = f"'{field_def.name}' of {object_def.key} is {kind}; its value can't be set"
        checking.refuse("RUL301", message, at)
        return False
    if field_def.system and field_def.name != "owner":
        checking.refuse("RUL301", f"'{field_def.name}' is kept by the system; its value can't be set", at)
        return False
    return True


def _check_required(checking: RuleChecking, object_def: ObjectDef, names: set[str], at: Span) -> None:
    missing = [
        field_def.name
        for field_def in object_def.fields.values()
        if field_def.required
        # A hidden field is never required, and whether it is hidden only the record's values tell.
        and field_def.visible_if is None
        and field_def.name not in names
        and not field_def.system
        and field_def.type != "boolean"
        and not (field_def.default is not None or field_def.copy_from is not None or field_def.is_computed)
    ]
    if missing:
        listed = ", ".join(f"'{name}'" for name in missing)
        checking.refuse("RUL302", f"a new {object_def.key} needs {listed}", at)


def check_inputs(checking: RuleChecking, pairs: Sequence[Pair]) -> tuple[NamedInput, ...]:
    """Check a block of values that are sent along, of any type."""
    found = [(pair.name.text, checking.value(pair.value)) for pair in pairs]
    return tuple(NamedInput(name=name, value=value) for name, value in found if value is not None)


def message_of(checking: RuleChecking, message: Expr) -> CheckedValue | None:
    """Check a text for people."""
    return checking.value(message)
