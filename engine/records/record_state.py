"""How a record's page shows it to who reads it: visible sections and fields, and what may be done with it.

Judged by the same expressions and rights as a save, over the stored record; nothing is written or locked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.access.predicates import Predicate
from engine.errors import RecordNotFound
from engine.records.layouts import choose_layout
from engine.records.saving.plan import save_plan
from engine.records.types import ChosenLayout
from metamodel.layouts import Device
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """layout: the one that fits. sections: one flag a section of it.

    hidden: fields whose `visible_if` does not hold now. changeable: fields that the actor may change in this record;
    empty where it may not be updated at all.
    """

    layout: ChosenLayout
    sections: tuple[bool, ...]
    hidden: frozenset[str]
    changeable: frozenset[str]
    may_update: bool
    may_delete: bool


def record_state(
    transaction: Transaction, object_key: str, record_id: str, device: Device = Device.DESKTOP
) -> RecordState:
    """Judge a record that the actor may read (the caller has read it through the door before).

    Raises:
        RecordNotFound: it is gone.
    """
    object_def = transaction.object_def(object_key)
    values = transaction.cache.related(object_key, record_id)
    if values is None:
        raise RecordNotFound(object_key, record_id)
    plan, access = save_plan(transaction.parts, object_key), transaction.access.of(object_key)
    context = transaction.context(object_key, values)
    may_update = _granted(access.actions["update"], context)
    chosen = choose_layout(transaction, object_def, context, device)
    return RecordState(
        layout=chosen,
        sections=tuple(
            section.visible_if is None or _holds(transaction.parts.condition(object_key, section.visible_if), context)
            for section in chosen.layout.sections
        ),
        hidden=frozenset(name for name, condition in plan.visible_if.items() if not _holds(condition, context)),
        changeable=frozenset(
            name
            for name in plan.settable
            if may_update
            and _granted(access.fields[name].update, context)
            and not (name in plan.readonly_if and _holds(plan.readonly_if[name], context))
        ),
        may_update=may_update,
        may_delete=_granted(access.actions["delete"], context),
    )


def _granted(predicate: Predicate, context: Context) -> bool:
    try:
        return predicate.test(context)
    except EvaluationError:
        return False


def _holds(condition: Any, context: Context) -> bool:
    try:
        return bool(condition(context))
    except EvaluationError:
        return False


__all__ = ["RecordState", "record_state"]
