"""How a form shows each field of a record: visible, required, read-only, the options that may be chosen now.

What is the same for all records, for who holds the same roles, is judged once a release; the rest by the trees that
the save uses. Which layout the fields stand in is judged elsewhere (forms.py, layouts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.access.eyes import Sight, sight_of
from engine.access.object_access import ObjectAccess
from engine.access.predicates import EVERYONE, NOBODY
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.types import FieldState
from metamodel.fields import FieldDef
from metamodel.record_types import RECORD_TYPE, deciding_fields, fitting_options
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


class FormFields:
    """Judges the fields of one object on forms of new (CREATED) or existing (UPDATED) records."""

    def __init__(self, plan: SavePlan, access: ObjectAccess, kind: SaveKind) -> None:
        self._plan, self._access, self._kind = plan, access, kind
        self._fields = plan.object.fields
        shown = access.shown
        self._shown = tuple((name, name in access.whole) for name in self._fields if name in shown)
        self._all_clear = {name: Sight.CLEAR for name, _ in self._shown} if shown <= access.whole else None
        self._by_type = frozenset(name for names in plan.required_by_type.values() for name in names)
        self._constant = {name: state for name, _ in self._shown if (state := self._always(name)) is not None}

    def shown(self, context: Context) -> Mapping[str, Sight]:
        """Give the fields that are shown in this record, in the object's order, and whether in clear."""
        if self._all_clear is not None:
            return self._all_clear
        rights = self._access.fields
        found = ((name, Sight.CLEAR if always else sight_of(rights[name], context)) for name, always in self._shown)
        return {name: sight for name, sight in found if sight is not Sight.HIDDEN}

    def judge(self, names: Iterable[str], draft: RecordDraft, stored: RecordDraft) -> dict[str, FieldState]:
        """Give the state of fields; stored: the record as it is kept, by which rights on fields are judged."""
        constant = self._constant
        return {name: constant.get(name) or self._state(draft, stored, self._fields[name]) for name in names}

    def _always(self, name: str) -> FieldState | None:
        """Give the state of a field that no record's values can change."""
        plan, definition = self._plan, self._fields[name]
        if name in plan.visible_if or name in plan.required_if or name in self._by_type or _is_choice(definition):
            return None
        readonly = name not in plan.settable or self._right(name) is NOBODY
        if not readonly and (self._right(name) is not EVERYONE or name in plan.readonly_if):
            return None
        return FieldState(visible=True, required=name in plan.required, readonly=readonly)

    def _right(self, name: str) -> Any:
        rights = self._access.fields[name]
        return rights.create if self._kind is SaveKind.CREATED else rights.update

    def _state(self, draft: RecordDraft, stored: RecordDraft, definition: FieldDef) -> FieldState:
        plan, name = self._plan, definition.name
        visible = name not in plan.visible_if or holds(draft, plan.visible_if[name])
        required = visible and (
            name in plan.required
            or name in plan.required_by_type.get(draft.values.get(RECORD_TYPE) or "", ())
            or (name in plan.required_if and holds(draft, plan.required_if[name]))
        )
        return FieldState(
            visible=visible,
            required=required,
            readonly=name not in plan.settable or not self._may_set(draft, stored, name),
            options=_options(draft, definition),
        )

    def _may_set(self, draft: RecordDraft, stored: RecordDraft, name: str) -> bool:
        right = self._right(name)
        if right is NOBODY:
            return False
        if self._kind is SaveKind.CREATED:
            return bool(right.test(draft.context))
        if right is not EVERYONE and not right.test(stored.context):
            return False
        condition = self._plan.readonly_if.get(name)
        return condition is None or not holds(stored, condition)


def form_fields(transaction: Transaction, object_key: str, kind: SaveKind) -> FormFields:
    """Give what judges the fields of an object's forms for who acts; made once a release and set of roles."""
    parts, access = transaction.parts, transaction.access
    key = ("form fields", object_key, kind, None if access.full else access.roles)
    return parts.made(key, lambda: FormFields(save_plan(parts, object_key), access.of(object_key), kind))


def holds(draft: RecordDraft, condition: Any) -> bool:
    """Say whether a condition holds for a draft; one that can't be computed does not."""
    try:
        return bool(condition(draft.context))
    except EvaluationError:
        return False


def _is_choice(definition: FieldDef) -> bool:
    return definition.choice is not None and definition.formula is None


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
