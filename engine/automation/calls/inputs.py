"""What a button asks for: each input as a field, its starting value, and what was entered as values of its type.

A form and a program bring the same raw values, and both are told by input what is wrong. Where records are chosen they
must be readable to who presses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.automation.calls.index import Button
from engine.automation.program import AskedInput
from engine.errors import FieldError, ValidationFailed
from engine.records.saving.messages import say
from engine.records.transaction import Transaction
from metamodel.field_types import FieldValueError, message
from metamodel.fields import FieldDef, RelationDef, RelationKind
from metamodel.objects import ObjectDef
from metamodel.source import NOWHERE
from metamodel.values import Ref
from workflow_dsl.context import Context

INPUT = "input"


def input_field(object_def: ObjectDef, asked: AskedInput) -> FieldDef:
    """Give an input as a field. Without a label of its own it has that of the object's field so called."""
    own = object_def.fields.get(asked.name)
    relation = None
    if asked.object is not None:
        relation = RelationDef(kind=RelationKind.LOOKUP, targets=(asked.object,), at=NOWHERE)
    return FieldDef(
        name=asked.name,
        type=asked.type,
        app=object_def.app,
        at=NOWHERE,
        label=asked.label or (own.label if own is not None else None),
        required=asked.default is None and asked.type != "boolean",
        relation=relation,
    )


def starting_values(button: Button, context: Context) -> dict[str, Any]:
    """Give what the inputs of a button start with, for a record.

    Raises: EvaluationError.
    """
    asked = ((each, each.default) for each in button.inputs)
    return {each.name: _as_entered(each, value.evaluate(context)) for each, value in asked if value is not None}


def _as_entered(asked: AskedInput, value: Any) -> Any:
    """Give a default as if it was entered: of a record of the object that is asked for its id, of another none."""
    if not isinstance(value, Ref):
        return value
    return value.id if value.object == asked.object else None


def read_inputs(
    transaction: Transaction, button: Button, raw: Mapping[str, Any], context: Context
) -> Mapping[str, Any]:
    """Give what was entered, as the names that the rules know it by (`input.reason`); what is left out is its default.

    Raises: ValidationFailed, with the inputs by name. EvaluationError: of a default.
    """
    object_def = transaction.object_def(button.object)
    faults: list[FieldError] = []
    language = transaction.actor.language
    known = {each.name for each in button.inputs}
    for name in raw:
        if name not in known:
            faults.append(FieldError(code="unknown_field", message=say("no_input", language), field=f"{INPUT}.{name}"))
    values: dict[str, Any] = {}
    for each in button.inputs:
        field = input_field(object_def, each)
        try:
            value = _read(transaction, field, raw.get(each.name))
        except FieldValueError as fault:
            text = message(fault.code, language, **fault.params)
            faults.append(FieldError(code=fault.code, message=text, field=f"{INPUT}.{each.name}"))
            continue
        if value is None and each.default is not None:
            value = _as_entered(each, each.default.evaluate(context))
        if value is None and field.required:
            code = "required"
            faults.append(FieldError(code=code, message=say(code, language), field=f"{INPUT}.{each.name}"))
        values[f"{INPUT}.{each.name}"] = False if value is None and each.type == "boolean" else value
    if faults:
        raise ValidationFailed(faults)
    return values


def _read(transaction: Transaction, field: FieldDef, raw: Any) -> Any:
    if isinstance(raw, str) and not raw.strip():
        return None
    value = transaction.release.field_types.parse(raw, field, transaction.parts.value_context)
    if field.relation is None or value is None:
        return value
    place = (field.relation.targets[0], value.id if isinstance(value, Ref) else str(value))
    if place not in transaction.reader.titles([place]):
        raise FieldValueError("not_record")
    return value
