"""Why a control of a record is asked for, or not shown: the conditions of its field over the stored record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.access.explaining.answers import Basis, Ground
from engine.access.explaining.field_grounds import draft_of
from engine.access.explaining.grounds import ObjectGrounds
from engine.automation.explaining import explain_value
from engine.automation.program.base import Value
from engine.records.form_fields import holds
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.plan import save_plan
from metamodel.fields import FieldDef
from metamodel.record_types import RECORD_TYPE
from metamodel.source import LocatedText
from workflow_dsl.compiler import compile_expression


def control_grounds(on: ObjectGrounds, field_def: FieldDef) -> Iterator[Ground]:
    """Give why the field is required now, and why it is not shown; a ground that does not hold is no reason now."""
    draft = draft_of(on, SaveKind.UPDATED)
    if draft is None:
        return
    plan, name = save_plan(on.transaction.parts, on.object_def.key), field_def.name
    if field_def.visible_if is not None and name in plan.visible_if:
        met = holds(draft, plan.visible_if[name])
        yield _of_text(on, draft, Basis.HIDDEN, "visible_if", field_def.visible_if, holds_now=not met)
    if name in plan.required:
        yield Ground(basis=Basis.REQUIRED, holds=True, at=field_def.at, written="required: true")
    chosen = draft.values.get(RECORD_TYPE) or ""
    if name in plan.required_by_type.get(chosen, ()):
        yield Ground(basis=Basis.REQUIRED, holds=True, at=field_def.at, note=str(chosen))
    if field_def.required_if is not None and name in plan.required_if:
        met = holds(draft, plan.required_if[name])
        yield _of_text(on, draft, Basis.REQUIRED, "required_if", field_def.required_if, holds_now=met)


def _of_text(
    on: ObjectGrounds, draft: RecordDraft, basis: Basis, key: str, text: LocatedText, *, holds_now: bool
) -> Ground:
    return Ground(
        basis=basis,
        holds=holds_now,
        decides=holds_now,
        at=text.at,
        written=f"{key}: {text.text}",
        condition=explained(on, text, draft),
    )


def explained(on: ObjectGrounds, text: LocatedText, draft: RecordDraft) -> Any:
    """Show an author's condition over a record with its values."""
    typed = on.transaction.parts.language.condition(text, on.object_def.key)
    tree = explain_value(Value(evaluator=compile_expression(typed, text), text=text.text), draft.context)
    return on.show(on.object_def.key, on.record_id, tree)
