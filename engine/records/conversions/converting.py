"""Does a conversion: makes or takes each target, carries lists over, marks the record; all in the caller's transaction.

Targets are saved with the rights of who converts. What the conversion's author says of the converted record and of the
lists that go along is done for that person with the product's rights, once they may change the converted record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine import faults
from engine.errors import (
    AlreadyConverted,
    ConfirmationNeeded,
    FieldError,
    NotConvertible,
    RecordNotFound,
    UnknownObject,
    ValidationFailed,
)
from engine.expressions.context import RecordContext
from engine.records.conversions.drafting import TargetDraft, draft_target, evaluated, under
from engine.records.conversions.keeping import Converted, MadeRecord, is_converted, keep_conversion, with_titles
from engine.records.conversions.plan import CarriedList, ConversionPlan, conversion_plans
from engine.records.fates import by_rules_before, tell_rules
from engine.records.hooks import SaveKind
from engine.records.product_rights import with_product_rights
from engine.records.saving.audit import audit_row, write_audit
from engine.records.saving.loading import load_for_change
from engine.records.saving.messages import say
from engine.records.types import SaveRow
from metamodel.objects import ObjectDef, ValidationSeverity
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

NEW = "new"
_CARRIED_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """What is asked. conversion: its name, None = the only one. use: target → id of a record that is there, or NEW.

    A target that `use` does not name takes the record that `match` finds, else a new one is made. confirm: codes of
    warnings that were confirmed; None = warnings pass.
    """

    conversion: str | None = None
    use: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    version: int | None = None
    confirm: Collection[str] | None = ()


def convert_record(
    transaction: Transaction, object_def: ObjectDef, record_id: str, asked: ConversionRequest
) -> Converted:
    """Convert a record; the transaction must be rolled back where this raises.

    Raises: RecordNotFound, AccessDenied, StaleVersion, AlreadyConverted, NotConvertible, ValidationFailed,
    ConfirmationNeeded.
    """
    return convert_by(transaction, object_def, record_id, chosen_plan(transaction, object_def, asked.conversion), asked)


def convert_by(
    transaction: Transaction, object_def: ObjectDef, record_id: str, plan: ConversionPlan, asked: ConversionRequest
) -> Converted:
    """Convert a record by a plan; the transaction must be rolled back where this raises.

    Raises: as `convert_record`.
    """
    transaction.confirmed = None if asked.confirm is None else frozenset(asked.confirm)
    loaded = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, asked.version)
    language = transaction.actor.language
    if is_converted(transaction, object_def.key, record_id):
        raise AlreadyConverted(object_def.key, record_id, say("already_converted", language))
    context = RecordContext(transaction.around, object_def.key, loaded.values)
    if not is_ready(plan, context):
        raise NotConvertible(object_def.key, record_id, say("not_convertible", language))
    owed = by_rules_before(transaction, loaded, SaveKind.CONVERTED)
    context = RecordContext(transaction.around, object_def.key, {**loaded.values, **owed})
    made = _Making(transaction, plan, asked).make(context)
    faults.reach("conversion.made")
    context = context.with_given({each.name: each.id for each in made})
    product = with_product_rights(transaction)
    for carried in plan.carried:
        _carry(product, plan, record_id, carried, made)
    values = {**owed, **evaluated(plan.values, context, language, object_def.key)}
    if values:
        product.update(object_def.key, record_id, values, confirm=None)
    done = Converted(conversion=plan.definition.name, at=transaction.now, by=transaction.actor.user_id, made=made)
    keep_conversion(transaction, object_def.key, record_id, done)
    _audit(product, object_def, record_id)
    product.settle()
    transaction.cache.forget()
    tell_rules(transaction, object_def.key, record_id, SaveKind.CONVERTED)
    transaction.settle()
    return replace(done, made=with_titles(transaction, made))


def chosen_plan(transaction: Transaction, object_def: ObjectDef, name: str | None) -> ConversionPlan:
    """Give the conversion of that name, or the only one.

    Raises: ValidationFailed where there is none, or several and no name.
    """
    plans = {plan.definition.name: plan for plan in conversion_plans(transaction.parts, object_def.key)}
    if name is None and len(plans) == 1:
        return next(iter(plans.values()))
    if name not in plans:
        text = say("no_conversion", transaction.actor.language, names=", ".join(plans) or "–")
        raise ValidationFailed([FieldError(code="no_conversion", message=text, field="conversion")])
    return plans[name]


def is_ready(plan: ConversionPlan, context: RecordContext) -> bool:
    """Say whether a record may be converted now; a condition that can't be judged says no."""
    try:
        return plan.when is None or bool(plan.when(context))
    except EvaluationError:
        return False


class _Making:
    """Makes the targets of one conversion in their order."""

    def __init__(self, transaction: Transaction, plan: ConversionPlan, asked: ConversionRequest) -> None:
        self._transaction = transaction
        self._plan = plan
        self._asked = asked
        self._warnings: list[FieldError] = []

    def make(self, context: RecordContext) -> tuple[MadeRecord, ...]:
        self._check_use()
        made: list[MadeRecord] = []
        for target in self._plan.targets:
            draft = draft_target(self._transaction, target, context)
            if draft is None:
                continue
            taken = self._taken(draft)
            record_id = taken or self._create(draft)
            made.append(MadeRecord(name=target.name, object=target.object.key, id=record_id, created=taken is None))
            context = context.with_given({target.name: record_id})
        if self._warnings:
            raise ConfirmationNeeded(self._warnings)
        return tuple(made)

    def _check_use(self) -> None:
        unknown = self._asked.use.keys() - {target.name for target in self._plan.targets}
        if unknown:
            raise ValidationFailed([self._fault("no_target", name) for name in sorted(unknown)])

    def _taken(self, draft: TargetDraft) -> str | None:
        """Give the record that is taken instead of a new one."""
        wanted = self._asked.use.get(draft.plan.name)
        if wanted == NEW:
            return None
        if wanted is None:
            if len(draft.matches) > 1:
                raise ValidationFailed([self._fault("several_matches", draft.plan.name)])
            return draft.matches[0] if draft.matches else None
        try:
            return self._transaction.get(draft.plan.object.key, wanted, fields=("id",)).id
        except (RecordNotFound, UnknownObject) as gone:
            raise ValidationFailed([self._fault("no_record", draft.plan.name)]) from gone

    def _create(self, draft: TargetDraft) -> str:
        name = draft.plan.name
        try:
            # Warnings of all targets are collected, so that a person is asked once.
            saved = self._transaction.create(draft.plan.object.key, draft.values, confirm=None)
        except ValidationFailed as refused:
            raise ValidationFailed(under(name, refused.errors)) from refused
        open_warnings = [
            notice
            for notice in saved.notices
            if notice.severity is ValidationSeverity.WARNING
            and self._asked.confirm is not None
            and notice.code not in self._asked.confirm
        ]
        self._warnings += under(name, open_warnings)
        return saved.record.id

    def _fault(self, code: str, field_name: str) -> FieldError:
        return FieldError(code=code, message=say(code, self._transaction.actor.language), field=f"use.{field_name}")


def _carry(
    product: Transaction, plan: ConversionPlan, record_id: str, carried: CarriedList, made: Collection[MadeRecord]
) -> None:
    """Let the records of a list point at the first target that its lookup may point at."""
    taker = next((each for name in carried.takers for each in made if each.name == name), None)
    if taker is None:
        return
    child, name = carried.inverse.object, carried.inverse.field
    target: Any = taker.id if carried.single else Ref(taker.object, taker.id)
    cursor, goes_on = None, True
    while goes_on:
        # From where the page before ended: what a rule keeps in the list is not asked for again and again.
        page = product.related(
            plan.source.key, record_id, carried.inverse.name, fields=("id",), limit=_CARRIED_AT_ONCE, cursor=cursor
        )
        rows = [SaveRow(values={name: target}, id=row.id) for row in page.rows]
        result = product.save_many(child, rows, all_or_nothing=True)
        if result.refused:
            first = result.rows[result.refused[0]]
            raise ValidationFailed(under(carried.inverse.name, first.errors))
        cursor = page.next_cursor
        goes_on = cursor is not None


def _audit(product: Transaction, object_def: ObjectDef, record_id: str) -> None:
    values = product.get(object_def.key, record_id, fields=("id",))
    row = audit_row(product, object_def.key, record_id, values.version, SaveKind.UPDATED, {})
    write_audit(product, [{**row, "action": "converted"}])
    product.settle()
