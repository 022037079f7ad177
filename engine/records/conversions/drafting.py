"""One target of a conversion before it is saved: its values, and the records that are there already and match it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import FieldError, ValidationFailed
from engine.expressions.context import RecordContext
from engine.records.conversions.plan import Evaluate, TargetPlan
from engine.records.duplicates.finding import find_alike
from engine.records.finding import find_by_fields
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.steps import new_draft, prepare_new, reader
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraft:
    """What a target would become. values: as its fields say. matches: ids of readable records that `match` finds."""

    plan: TargetPlan
    values: Mapping[str, Any]
    matches: tuple[str, ...]


def draft_target(transaction: Transaction, plan: TargetPlan, context: RecordContext) -> TargetDraft | None:
    """Compute a target's values and look for what matches; None where its condition does not hold.

    Raises: ValidationFailed with the target's name before each field.
    """
    language = transaction.actor.language
    if plan.when is not None and not evaluated({"when": plan.when}, context, language, plan.name)["when"]:
        return None
    values = evaluated(plan.fields, context, language, plan.name)
    return TargetDraft(plan=plan, values=values, matches=_matches(transaction, plan, values))


def evaluated(fields: Mapping[str, Evaluate], context: RecordContext, language: str, place: str) -> dict[str, Any]:
    """Compute values by field.

    Raises: ValidationFailed for those that can't be computed.
    """
    values, errors = {}, []
    for name, evaluate in fields.items():
        try:
            values[name] = evaluate(context)
        except EvaluationError as fault:
            text = say("not_computable", language, reason=fault)
            errors.append(FieldError(code="not_computable", message=text, field=f"{place}.{name}"))
    if errors:
        raise ValidationFailed(errors)
    return values


def under(place: str, errors: Iterable[FieldError]) -> list[FieldError]:
    """Give findings with the target's name before their fields."""
    return [
        FieldError(
            code=each.code,
            message=each.message,
            field=f"{place}.{each.field}" if each.field else place,
            severity=each.severity,
        )
        for each in errors
    ]


def alike(transaction: Transaction, draft: TargetDraft) -> tuple[str, ...]:
    """Give the ids of readable records that the object's duplicate rules find alike."""
    record = _record_draft(transaction, draft.plan, draft.values)
    if record is None:
        return ()
    key = draft.plan.object.key
    readable = transaction.reader.titles((key, str(values["id"])) for values in find_alike(record, transaction))
    return tuple(record_id for _, record_id in readable)


def _matches(transaction: Transaction, plan: TargetPlan, values: Mapping[str, Any]) -> tuple[str, ...]:
    if not plan.match or not transaction.access.of(plan.object.key).visible:
        return ()
    record = _record_draft(transaction, plan, values)
    if record is None:
        return ()
    wanted = tuple(record.values[name] for name in plan.match)
    if any(value is None for value in wanted):
        return ()
    if not set(plan.match) <= transaction.access.of(plan.object.key).readable:
        return ()
    found = find_by_fields(transaction, plan.object.key, plan.match, [wanted[0]])
    return tuple(sorted(found.get(wanted, ())))


def _record_draft(transaction: Transaction, plan: TargetPlan, values: Mapping[str, Any]) -> RecordDraft | None:
    """Give the record as its save would begin; None where its values are not even of their types: the save will say."""
    given, errors = reader(transaction, plan.object, SaveKind.CREATED).try_read(values)
    if errors and not set(plan.match) <= given.keys():
        return None
    draft = new_draft(transaction, plan.object.key, given, None)
    prepare_new(draft, transaction)
    return draft
