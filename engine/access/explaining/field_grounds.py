"""Why a field may or may not be read or changed: what roles say of it, what it is, what the record's values lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.access.explaining.answers import Basis, Ground
from engine.access.explaining.conditions import condition_tree, holds
from engine.access.explaining.grounds import ObjectGrounds, denial_ground
from engine.access.explaining.judging import is_readonly, lock_of
from engine.access.grants import conjunction_of, is_masked
from engine.access.predicates import EVERYONE, all_of
from engine.automation.explaining import explain_value
from engine.automation.program.base import Value
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.plan import save_plan
from metamodel.access import RoleDef
from metamodel.fields import FieldDef
from metamodel.source import LocatedText
from workflow_dsl.compiler import compile_expression


class FieldGrounds:
    """Finds what one person's rights on a field rest on; `on` are the grounds of its record."""

    def __init__(self, on: ObjectGrounds, field_def: FieldDef) -> None:
        self._on = on
        self._field = field_def
        self._right = "read" if on.action in ("read", "export") else "update"

    def find(self) -> Iterator[Ground]:
        """Give the grounds, whether or not they decide."""
        grants, key, name = self._on.grants, self._on.object_def.key, self._field.name
        for denial in grants.field_denials(key, name, self._right):
            yield denial_ground(denial, self._on.through(denial.role))
        if self._right == "update":
            yield from self._of_its_kind()
        said = [each for role in grants.roles if (each := self._of_role(role)) is not None]
        yield from said
        guarded = self._field.sensitive or self._field.encrypted
        if guarded and not any(each.basis is Basis.FIELD for each in said):
            yield Ground(basis=Basis.GUARDED, holds=False, at=self._field.at, note=name)
        if self._right == "update":
            yield from self._of_the_record()

    def _of_its_kind(self) -> Iterator[Ground]:
        on, name = self._on, self._field.name
        plan = save_plan(on.transaction.parts, on.object_def.key)
        if name not in plan.settable:
            kind = "computed" if self._field.is_computed else "kept by the product"
            yield Ground(basis=Basis.KEPT, holds=False, at=self._field.at, note=kind)
        if name not in on.access.of(on.object_def.key).shown:
            yield Ground(basis=Basis.READ_FIRST, holds=False, note=name)

    def _of_role(self, role: RoleDef) -> Ground | None:
        """Give what a role says of the field; a role that says nothing of it follows the object."""
        on = self._on
        text = on.grants.field_statement(role, on.object_def.key, self._field.name, self._right)
        if text is None:
            return None
        condition, above = conjunction_of(text), on.predicate(role)
        if is_masked(text):
            met = None if above is None or self._right != "read" else holds(above, on.context)
            shown = Ground(basis=Basis.FIELD, holds=bool(met) if above is not None else False, note="masked")
            return self._placed(shown, role, text)
        if condition is None or above is None:
            return self._placed(Ground(basis=Basis.FIELD, holds=False), role, text)
        own = all_of(*(on.access.judge(part, on.object_def.key, on.action) for part in condition))
        ground = Ground(basis=Basis.FIELD, holds=holds(all_of(above, own), on.context))
        if on.context is not None and own is not EVERYONE:
            tree = condition_tree(own, on.context)
            ground = replace(ground, condition=on.show(on.object_def.key, on.record_id, tree))
        return self._placed(ground, role, text)

    def _placed(self, ground: Ground, role: RoleDef, text: LocatedText) -> Ground:
        written = f"{self._field.name}: {self._right}: {text.text}"
        return replace(ground, role=role.name, through=self._on.through(role.name), at=text.at, written=written)

    def _of_the_record(self) -> Iterator[Ground]:
        on, name = self._on, self._field.name
        if self._field.readonly_if is not None and on.action == "update":
            draft = self._draft()
            yield Ground(
                basis=Basis.READONLY,
                holds=None if draft is None else not is_readonly(on.transaction, draft, name),
                at=self._field.readonly_if.at,
                written=f"readonly_if: {self._field.readonly_if.text}",
                condition=None if draft is None else self._why_readonly(self._field.readonly_if, draft),
            )

    def _why_readonly(self, text: LocatedText, draft: RecordDraft) -> Any:
        on = self._on
        typed = on.transaction.parts.language.condition(text, on.object_def.key)
        tree = explain_value(Value(evaluator=compile_expression(typed, text), text=text.text), draft.context)
        return on.show(on.object_def.key, on.record_id, tree)

    def _draft(self) -> RecordDraft | None:
        return draft_of(self._on, SaveKind.UPDATED)


def draft_of(on: ObjectGrounds, kind: SaveKind) -> RecordDraft | None:
    """Give the record as a save would hold it, whoever may change it; nothing is locked. None: none was named."""
    if on.context is None or on.record_id is None:
        return None
    transaction = on.transaction
    plan = save_plan(transaction.parts, on.object_def.key)
    values = transaction.cache.related(on.object_def.key, on.record_id)
    return RecordDraft(plan, transaction.around, kind, on.record_id, values, None)


def lock_grounds(on: ObjectGrounds, field: str | None) -> Iterator[Ground]:
    """Give the approvals that keep a record, or a field of it, as it is."""
    kind = {"update": SaveKind.UPDATED, "delete": SaveKind.DELETED}.get(on.action)
    draft = None if kind is None else draft_of(on, kind)
    if draft is None:
        return
    names = frozenset((field,)) if field is not None else draft.plan.settable if kind is SaveKind.UPDATED else ()
    found = lock_of(on.transaction, draft, frozenset(names))
    whole = not names or "" in found or set(names) <= found.keys()
    for reason in dict.fromkeys(found.values()):
        yield Ground(basis=Basis.LOCK, holds=not whole, note=reason)
