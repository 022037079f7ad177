"""What a form shows for the values typed so far, judged as the save would.

Nothing is written: a form's draft is filled and computed like a save's and then only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.access.predicates import EVERYONE, NOBODY
from engine.errors import AccessDenied
from engine.records.choosing import choices_of
from engine.records.hooks import SaveKind
from engine.records.layouts import choose_layout
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.narrowing import let_go
from engine.records.saving.relations import check_relations
from engine.records.saving.steps import new_draft, prepare_new, reader
from engine.records.types import FieldState, FormState
from metamodel.fields import FieldDef
from metamodel.layouts import Device, LayoutDef
from metamodel.objects import ObjectDef
from metamodel.record_types import RECORD_TYPE, deciding_fields, fitting_options
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def form_state(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str | None,
    raw: Mapping[str, object],
    *,
    with_choices: bool = False,
    device: Device = Device.DESKTOP,
) -> FormState:
    """Judge a form: a new record's with `record_id` None; `with_choices`: with some records for each of its lookups.

    Raises: RecordNotFound, AccessDenied.
    """
    draft, errors = _draft(transaction, object_def, record_id, raw)
    let_go(draft)
    draft.compute()
    check_relations([draft], transaction)
    access = transaction.access.of(object_def.key)
    context = draft.context
    readable = [
        name
        for name in object_def.fields
        if name in access.readable and (access.fields[name].read is EVERYONE or access.fields[name].read.test(context))
    ]
    stored = RecordDraft(draft.plan, draft.around, draft.kind, draft.record_id, draft.stored, None)
    fields = {name: _state(transaction, draft, stored, object_def.fields[name]) for name in readable}
    chosen = choose_layout(transaction, object_def, context, device)
    sections = tuple(
        section.visible_if is None or _holds(draft, transaction.parts.condition(object_def.key, section.visible_if))
        for section in chosen.layout.sections
    )
    lookups = _lookups(object_def, chosen.layout, fields)
    return FormState(
        fields=fields,
        layout=chosen,
        sections=sections,
        values={name: context.this.get(name) for name in readable},
        titles={name: title for name, title in draft.titles.items() if name in fields},
        errors=errors,
        title=transaction.cache.title(object_def.key, stored.context) or "" if record_id is not None else "",
        choices=choices_of(transaction, object_def, lookups, raw) if with_choices else {},
    )


def _lookups(object_def: ObjectDef, layout: LayoutDef, fields: Mapping[str, FieldState]) -> list[str]:
    shown = dict.fromkeys(name for section in layout.sections for name in section.fields)
    return [
        name
        for name in shown
        if object_def.fields[name].relation is not None
        and (state := fields.get(name)) is not None
        and state.visible
        and not state.readonly
    ]


def _draft(
    transaction: Transaction, object_def: ObjectDef, record_id: str | None, raw: Mapping[str, object]
) -> tuple[RecordDraft, Any]:
    if record_id is None:
        if not transaction.access.of(object_def.key).may("create"):
            raise AccessDenied("create", object_def.key, "your roles do not allow it")
        given, errors = reader(transaction, object_def, SaveKind.CREATED).try_read(raw)
        draft = new_draft(transaction, object_def.key, given, None)
        prepare_new(draft, transaction)
        return draft, errors
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, None)
    given, errors = reader(transaction, object_def, SaveKind.UPDATED).try_read(raw)
    for name, value in given.items():
        draft.put(name, draft.plan.keep[name](value))
        draft.given.add(name)
    return draft, errors


def _state(transaction: Transaction, draft: RecordDraft, stored: RecordDraft, definition: FieldDef) -> FieldState:
    plan, name = draft.plan, definition.name
    visible = name not in plan.visible_if or _holds(draft, plan.visible_if[name])
    required = visible and (
        name in plan.required
        or name in plan.required_by_type.get(draft.values.get(RECORD_TYPE) or "", ())
        or (name in plan.required_if and _holds(draft, plan.required_if[name]))
    )
    return FieldState(
        visible=visible,
        required=required,
        readonly=name not in plan.settable or not _may_set(transaction, draft, stored, name),
        options=_options(draft, definition),
    )


def _may_set(transaction: Transaction, draft: RecordDraft, stored: RecordDraft, name: str) -> bool:
    rights = transaction.access.of(draft.object_key).fields[name]
    if draft.kind is SaveKind.CREATED:
        return rights.create is not NOBODY and rights.create.test(draft.context)
    if rights.update is NOBODY or not rights.update.test(stored.context):
        return False
    condition = draft.plan.readonly_if.get(name)
    return condition is None or not _holds(stored, condition)


def _options(draft: RecordDraft, definition: FieldDef) -> tuple[str, ...] | None:
    choice = definition.choice
    if choice is None or definition.formula is not None:
        return None
    stored = draft.old.get(definition.name)
    kept = stored if isinstance(stored, tuple) else (stored,)
    allowed = choice.allowed_next(stored) if isinstance(stored, str) else None
    fitting = fitting_options(draft.plan.object, definition, draft.values)
    names = [
        option.name
        for option in fitting
        if option.name in kept or (option.active and (allowed is None or option.name in allowed))
    ]
    if not draft.changed.intersection(deciding_fields(draft.plan.object, definition)):
        # What stands in an old record stays, also where it is not offered any more.
        names += [name for name in choice.names if name in kept and name not in names]
    return tuple(names)


def _holds(draft: RecordDraft, condition: Any) -> bool:
    try:
        return bool(condition(draft.context))
    except EvaluationError:
        return False
