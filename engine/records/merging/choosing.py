"""Which value each field of the survivor gets: one record's as chosen, else its own, else what another one has.

A value is taken only from a record whose field the actor may read, for a field that the actor may change. What nobody
may see is neither taken nor told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.errors import FieldError, ValidationFailed
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from metamodel.fields import FieldDef
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.access.predicates import Predicate
    from engine.records.transaction import Transaction

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeField:
    """A field that a merge may set. values: of those records whose field may be read, by id, the survivor's first.

    takes: id of the record whose value stands where nobody chooses, or ALL. may_change: whether another can be taken.
    """

    definition: FieldDef
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    takes: str
    may_change: bool

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        filled = [value for value in self.values.values() if value not in (None, ())]
        return any(value != filled[0] for value in filled) or 0 < len(filled) < len(self.values)

    @property
    def holds_several(self) -> bool:
        """Whether the values of all records can stand together."""
        return self.definition.holds_several or self.definition.value_type == "files"

    def value_of(self, taken: str) -> Any:
        """Give the value of a record, or those of all together without repetitions."""
        if taken != ALL:
            return self.values[taken]
        return tuple(dict.fromkeys(each for value in self.values.values() for each in value or ())) or None


def merge_fields(transaction: Transaction, drafts: Sequence[RecordDraft]) -> list[MergeField]:
    """Give the fields of an object that a merge of loaded records may set, the survivor being the first of them."""
    return [found for name in _settable(drafts[0], transaction) if (found := _field(transaction, name, drafts))]


def chosen_values(fields: Sequence[MergeField], take: Mapping[str, str], language: str) -> dict[str, Any]:
    """Give what has to be written to the survivor.

    Raises: ValidationFailed where a choice names what can't be taken.
    """
    known = {each.definition.name: each for each in fields}
    faults = [
        FieldError(code="not_mergeable", message=say("not_mergeable", language), field=f"take.{name}")
        for name, taken in take.items()
        if name not in known or not _can_take(known[name], taken)
    ]
    if faults:
        raise ValidationFailed(faults)
    values = {}
    for name, each in known.items():
        own = next(iter(each.values))
        value = each.value_of(take.get(name, each.takes))
        if value != each.values[own]:
            values[name] = value
    return values


def _can_take(found: MergeField, taken: str) -> bool:
    own = next(iter(found.values))
    if taken == ALL:
        return found.holds_several and found.may_change
    return taken == own or (taken in found.values and found.may_change)


def _settable(survivor: RecordDraft, transaction: Transaction) -> list[str]:
    rights = transaction.access.of(survivor.object_key)
    names = survivor.plan.settable & rights.readable
    return [name for name in survivor.plan.object.fields if name in names]


def relinked(transaction: Transaction, drafts: Sequence[RecordDraft]) -> dict[str, Any]:
    """Give what stands in the survivor's lookups that point at a record that goes: what that one points at itself."""
    survivor, together = drafts[0], {draft.record_id for draft in drafts}
    found = {}
    for link in survivor.plan.links:
        if _is_inside(survivor.values[link.name], together):
            found[link.name] = _own(survivor.values[link.name], _seen(transaction, link.name, drafts))
    return found


def _field(transaction: Transaction, name: str, drafts: Sequence[RecordDraft]) -> MergeField | None:
    survivor = drafts[0]
    rights = transaction.access.of(survivor.object_key).fields[name]
    if not _holds(rights.read.test, survivor):
        return None
    values = _seen(transaction, name, drafts)
    together = {draft.record_id for draft in drafts}
    own = survivor.values[name]
    if _is_inside(own, together):
        own = _own(own, values)
    definition, may_change = survivor.plan.object.fields[name], _may_change(rights.update, survivor, name)
    values = {survivor.record_id: own, **values}
    found = MergeField(definition=definition, values=values, takes=survivor.record_id, may_change=may_change)
    return replace(found, takes=_taken(found, survivor))


def _seen(transaction: Transaction, name: str, drafts: Sequence[RecordDraft]) -> dict[str, Any]:
    """Give the values of those that go whose field may be read; nobody points at oneself."""
    right = transaction.access.of(drafts[0].object_key).fields[name].read
    together = {draft.record_id for draft in drafts}
    seen = [draft for draft in drafts[1:] if _holds(right.test, draft)]
    given = {draft.record_id: draft.values[name] for draft in seen}
    return {each: None if _is_inside(value, together) else value for each, value in given.items()}


def _taken(found: MergeField, survivor: RecordDraft) -> str:
    """Give the record whose value stands where nobody chooses: the survivor, or the first with a value if it has none.

    Values that others decide about, limits of choices and of lookups, are not taken unasked: they may not fit.
    """
    name, plan = found.definition.name, survivor.plan
    if not found.may_change:
        return survivor.record_id
    if found.holds_several:
        return ALL
    bound = {narrowed.definition.name for narrowed in plan.narrowed} | plan.paths
    bound |= {link.name for link in plan.links if link.where}
    if found.values[survivor.record_id] is not None or name in bound:
        return survivor.record_id
    return next((record_id for record_id, value in found.values.items() if value is not None), survivor.record_id)


def _may_change(right: Predicate, survivor: RecordDraft, name: str) -> bool:
    locked = survivor.plan.readonly_if.get(name)
    return _holds(right.test, survivor) and not (locked is not None and _holds(locked, survivor, unknown=True))


def _holds(test: Callable[[Any], Any], draft: RecordDraft, *, unknown: bool = False) -> bool:
    try:
        return bool(test(draft.context))
    except EvaluationError:
        return unknown


def _own(value: Any, values: Mapping[str, Any]) -> Any:
    pointed = value.id if isinstance(value, Ref) else value
    given = (values.get(pointed), *values.values())
    return next((each for each in given if each is not None), None)


def _is_inside(value: Any, together: set[str]) -> bool:
    pointed = value.id if isinstance(value, Ref) else value
    return isinstance(pointed, str) and pointed in together
