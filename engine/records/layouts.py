"""Which of an object's layouts is used for a record: the first whose roles, record types, device and condition fit.

Pages and forms ask here, so that both show the same; what the layout holds is theirs to draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.records.types import ChosenLayout
from metamodel.layouts import Device, LayoutDef
from metamodel.objects import ObjectDef
from metamodel.record_types import RECORD_TYPE
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def choose_layout(transaction: Transaction, object_def: ObjectDef, context: Context, device: Device) -> ChosenLayout:
    """Give the first layout that fits; the default one where no other does."""
    if not object_def.layouts:
        return ChosenLayout(layout=object_def.layout)
    for layout in object_def.layouts:
        if _fits(transaction, object_def.key, layout, context, device):
            return ChosenLayout(layout=layout, is_only=False)
    return ChosenLayout(layout=object_def.layout, is_only=False)


def _fits(transaction: Transaction, object_key: str, layout: LayoutDef, context: Context, device: Device) -> bool:
    if layout.roles and not transaction.access.roles.intersection(layout.roles):
        return False
    if layout.record_types and context.this.get(RECORD_TYPE) not in layout.record_types:
        return False
    if layout.devices and device not in layout.devices:
        return False
    if layout.when is None:
        return True
    try:
        return bool(transaction.parts.condition(object_key, layout.when)(context))
    except EvaluationError:
        return False
