"""What a form shows for the values typed so far, judged as the save would.

Nothing is written: a form's draft is filled and computed like a save's and then only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.access.eyes import Sight
from engine.errors import AccessDenied
from engine.records.form_fields import form_fields, holds
from engine.records.hooks import SaveKind
from engine.records.layouts import choose_layout
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.file_fields import name_files
from engine.records.saving.loading import load_for_change
from engine.records.saving.narrowing import let_go
from engine.records.saving.relations import check_relations
from engine.records.saving.steps import new_draft, prepare_new, reader
from engine.records.types import FieldState, FormState
from metamodel.layouts import Device, LayoutDef
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def form_state(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str | None,
    raw: Mapping[str, object],
    device: Device = Device.DESKTOP,
) -> FormState:
    """Judge a form: a new record's with `record_id` None.

    Raises: RecordNotFound, AccessDenied.
    """
    draft, errors = _draft(transaction, object_def, record_id, raw)
    let_go(draft)
    draft.compute()
    check_relations([draft], transaction)
    context, this = draft.context, draft.context.this
    judging = form_fields(transaction, object_def.key, draft.kind)
    types = transaction.release.field_types
    stored = RecordDraft(draft.plan, draft.around, draft.kind, draft.record_id, draft.stored, None)
    # What somebody types opens nothing of the record, and over a mask it is no reason to show another one.
    kept = (draft if record_id is None else stored).context
    shown = judging.shown(kept)
    fields = judging.judge(shown, draft, stored)
    chosen = choose_layout(transaction, object_def, context, device)
    sections = tuple(
        section.visible_if is None or holds(draft, transaction.parts.condition(object_def.key, section.visible_if))
        for section in chosen.layout.sections
    )
    return FormState(
        fields=fields,
        layout=chosen,
        sections=sections,
        values={name: this.get(name) for name, sight in shown.items() if sight is Sight.CLEAR},
        titles={name: title for name, title in draft.titles.items() if shown.get(name) is Sight.CLEAR},
        masked={
            name: types.of(object_def.fields[name]).masked(value)
            for name, sight in shown.items()
            if sight is Sight.MASKED and (value := kept.this.get(name)) is not None
        },
        errors=errors,
        title=transaction.cache.title(object_def.key, stored.context) or "" if record_id is not None else "",
        lookups=_lookups(transaction, object_def, chosen.layout, fields),
    )


def _lookups(
    transaction: Transaction, object_def: ObjectDef, layout: LayoutDef, fields: Mapping[str, FieldState]
) -> tuple[str, ...]:
    def find() -> tuple[str, ...]:
        shown = dict.fromkeys(name for section in layout.sections for name in section.fields)
        return tuple(name for name in shown if object_def.fields[name].relation is not None)

    standing = transaction.parts.made(("lookups", object_def.key, layout.name), find)
    return tuple(
        [name for name in standing if (state := fields.get(name)) is not None and state.visible and not state.readonly]
    )


def _draft(
    transaction: Transaction, object_def: ObjectDef, record_id: str | None, raw: Mapping[str, object]
) -> tuple[RecordDraft, Any]:
    if record_id is None:
        if not transaction.access.of(object_def.key).may("create"):
            raise AccessDenied("create", object_def.key, "your roles do not allow it")
        given, errors = reader(transaction, object_def, SaveKind.CREATED).try_read(raw)
        draft = new_draft(transaction, object_def.key, given, None)
        name_files(draft, transaction)
        prepare_new(draft, transaction)
        return draft, errors
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.UPDATED, None, locked=False)
    transaction.reader.know_readable(object_def, record_id)
    given, errors = reader(transaction, object_def, SaveKind.UPDATED).try_read(raw)
    for name, value in given.items():
        draft.put(name, draft.plan.keep[name](value))
        draft.given.add(name)
    name_files(draft, transaction)
    return draft, errors
