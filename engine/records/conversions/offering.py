"""What a person is offered before converting: the values of each target, and the records it could be instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.expressions.context import RecordContext
from engine.records.conversions.converting import chosen_plan, is_ready
from engine.records.conversions.drafting import alike, draft_target
from engine.records.conversions.keeping import is_converted
from engine.records.conversions.plan import ConversionPlan, TargetPlan, conversion_plans
from engine.records.hooks import SaveKind
from engine.records.saving.loading import load_for_change
from engine.records.types import Choice
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_OFFERED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOffer:
    """One target. matched: how many of `there` the conversion's `match` found; they stand first.

    takes: the record that is taken where nobody chooses, '' = a new one.
    """

    name: str
    object: ObjectDef
    values: Mapping[str, Any]
    there: tuple[Choice, ...]
    matched: int
    may_create: bool

    @property
    def takes(self) -> str:
        """The record that is taken where nobody chooses, '' for a new one."""
        return self.there[0].id if self.matched == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionOffer:
    """A conversion of one record, as it would be now."""

    conversion: str
    version: int
    ready: bool
    converted: bool
    targets: tuple[TargetOffer, ...]


def offer_conversion(
    transaction: Transaction, object_def: ObjectDef, record_id: str, conversion: str | None
) -> ConversionOffer:
    """Say what a conversion of a record would make.

    Raises: RecordNotFound, AccessDenied, ValidationFailed.
    """
    plan = chosen_plan(transaction, object_def, conversion)
    loaded = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, None, locked=False)
    context = RecordContext(transaction.around, object_def.key, loaded.values)
    offers: list[TargetOffer] = []
    for target in plan.targets:
        offer = _offer(transaction, target, context)
        if offer is not None:
            offers.append(offer)
            context = context.with_given({target.name: offer.takes or None})
    return ConversionOffer(
        conversion=plan.definition.name,
        version=loaded.values["version"],
        ready=is_ready(plan, context),
        converted=is_converted(transaction, object_def.key, record_id),
        targets=tuple(offers),
    )


def open_conversions(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Sequence[ConversionPlan]:
    """Give what the actor can do with a record not converted yet, as far as that can be said without trying."""
    plans = conversion_plans(transaction.parts, object_def.key)
    values = transaction.cache.related(object_def.key, record_id) if plans else None
    if values is None:
        return ()
    context = transaction.context(object_def.key, values)
    return [plan for plan in plans if is_ready(plan, context) and _may_make(transaction, plan)]


def _may_make(transaction: Transaction, plan: ConversionPlan) -> bool:
    rights = [(target, transaction.access.of(target.object.key)) for target in plan.targets]
    return all(each.may("create") or (bool(target.match) and each.visible) for target, each in rights)


def _offer(transaction: Transaction, target: TargetPlan, context: RecordContext) -> TargetOffer | None:
    draft = draft_target(transaction, target, context)
    if draft is None:
        return None
    rights = transaction.access.of(target.object.key)
    others = [each for each in alike(transaction, draft) if each not in draft.matches]
    ids = [*draft.matches, *others][:_OFFERED]
    titles = transaction.reader.titles((target.object.key, each) for each in ids)
    return TargetOffer(
        name=target.name,
        object=target.object,
        values={name: value for name, value in draft.values.items() if name in rights.readable},
        there=tuple(Choice(*key, title) for key, title in titles.items()),
        matched=min(len(draft.matches), _OFFERED),
        may_create=rights.may("create"),
    )
