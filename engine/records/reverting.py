"""Putting back what fields of a record were: one change of the history taken back, or all as they were at a version.

What is put back goes through the same save as what people type: rights, validations, rules, version. What can't be put
back is said with its reason; the rest is put back where nothing was asked for by name.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.errors import AccessDenied, FieldError, ValidationFailed
from engine.records.earlier_names import earlier_names
from engine.records.earlier_objects import entries_of
from engine.records.history import changes_of, history_value, shown_fields
from engine.records.query_problems import problem
from engine.records.record_state import record_state
from engine.records.saving.messages import say
from engine.records.saving.plan import save_plan
from engine.records.types import Saved
from engine.records.versions import LaterChange, current_values, past_of
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Revert:
    """What to put back: what an entry of the history changed, or all as it was at a version; `fields`: only these."""

    entry: int | None = None
    version: int | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertStep:
    """One field: what it is and what it would be again.

    raw: what it would be, as a save takes it. refused: why it can't be put back, empty where it can. since: its newest
    change after the one that is taken back.
    """

    field: str
    now: object
    then: object
    raw: Any
    masked: bool = False
    refused: str = ""
    code: str = ""
    since: LaterChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """The outcome: the save, the fields put back, and those left as they are with the reason."""

    saved: Saved
    fields: tuple[str, ...]
    left: tuple[FieldError, ...]


def plan_revert(
    transaction: Transaction, object_def: ObjectDef, record_id: str, asked: Revert
) -> tuple[RevertStep, ...]:
    """Say what a revert would do; fields that are what they were already are left out.

    Raises: RecordNotFound; QueryProblem where there is no such entry, version or field in what may be seen.
    """
    transaction.reader.require_readable(object_def, record_id)
    if (asked.entry is None) == (asked.version is None):
        raise problem("EXP909", "name either an entry of the history or a version")
    shown = shown_fields(transaction, object_def, record_id)
    unknown = [name for name in asked.fields if name not in shown]
    if unknown:
        raise problem("EXP903", f"'{unknown[0]}' is not a field with a history of {object_def.key}")
    target = _Target(transaction, object_def, record_id, asked)
    olds = {name: old for name, old in target.olds.items() if name in shown}
    return tuple(_steps(transaction, object_def, record_id, _Wanted(olds, target, shown), asked.fields))


def revert(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str,
    asked: Revert,
    *,
    version: int | None = None,
    confirm: Collection[str] | None = (),
) -> Reverted:
    """Put back what can be put back, by one save.

    Raises: as `plan_revert` and `Transaction.update`; ValidationFailed where nothing can be put back, or not all that
        was named.
    """
    steps = plan_revert(transaction, object_def, record_id, asked)
    if not record_state(transaction, object_def.key, record_id).may_update:
        raise AccessDenied("update", object_def.key, "your roles do not allow it for this record")
    left = [FieldError(code=step.code, message=step.refused, field=step.field) for step in steps if step.refused]
    values = {step.field: step.raw for step in steps if not step.refused}
    if left and (asked.fields or not values):
        raise ValidationFailed(left)
    if not values:
        text = say("revert_nothing", transaction.actor.language)
        raise ValidationFailed([FieldError(code="revert_nothing", message=text)])
    saved = transaction.update(object_def.key, record_id, values, version=version, confirm=confirm)
    return Reverted(saved=saved, fields=tuple(values), left=tuple(left))


class _Target:
    """The values to go back to, as the log has them, and what changed them after."""

    def __init__(self, transaction: Transaction, object_def: ObjectDef, record_id: str, asked: Revert) -> None:
        self.created = False
        self.later: Mapping[str, LaterChange] = {}
        if asked.entry is None:
            past = past_of(transaction, object_def, record_id, asked.version or 0)
            self.olds = past.olds
            return
        table = transaction.system.audit
        mine = (entries_of(transaction, object_def.key), table.c["record_id"] == record_id)
        found = transaction.connection.execute(select(table).where(*mine, table.c["id"] == asked.entry)).first()
        if found is None or not found.version:
            raise problem("EXP909", f"{asked.entry} is not an entry of the record's history")
        row = dict(found._mapping)
        changes = changes_of(row, earlier_names(transaction, object_def.key))
        self.olds = {name: pair[0] for name, pair in changes.items()}
        self.created = row["action"] == "created"
        self.later = past_of(transaction, object_def, record_id, row["version"]).later


@dataclass(frozen=True, slots=True)
class _Wanted:
    olds: Mapping[str, Any]
    target: _Target
    shown: Mapping[str, tuple[FieldDef, bool]]


def _steps(
    transaction: Transaction, object_def: ObjectDef, record_id: str, wanted: _Wanted, only: Sequence[str]
) -> Iterator[RevertStep]:
    now = current_values(transaction, object_def, record_id)
    plan = save_plan(transaction.parts, object_def.key)
    changeable = record_state(transaction, object_def.key, record_id).changeable
    for name, (definition, masked) in wanted.shown.items():
        if name not in wanted.olds or (only and name not in only):
            continue
        raw = wanted.olds[name]
        then = None if masked else history_value(transaction, raw, definition)
        if not masked and then == now.get(name):
            continue
        code = _refusal(definition, masked, wanted.target.created, name in plan.settable, name in changeable)
        yield RevertStep(
            field=name,
            now=None if masked else now.get(name),
            then=then,
            raw=raw,
            masked=masked,
            code=code,
            refused=say(code, transaction.actor.language) if code else "",
            since=wanted.target.later.get(name),
        )


def may_be_put_back(transaction: Transaction, object_def: ObjectDef) -> Container[str]:
    """Give the fields that a save can put back at all; all others are computed or kept by the product."""
    return save_plan(transaction.parts, object_def.key).settable


def _refusal(definition: FieldDef, masked: bool, created: bool, is_settable: bool, is_changeable: bool) -> str:
    """Give the code of why a field can't be put back; what the save itself would refuse is its own to say."""
    if created:
        return "revert_created"
    if not is_settable:
        return "revert_computed"
    if masked:
        return "revert_not_kept" if definition.encrypted else "revert_hidden"
    return "" if is_changeable else "no_right"
