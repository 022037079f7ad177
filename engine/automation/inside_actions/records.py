"""Inside actions that write records: set, create, update, delete and restore.

They go through the one door with the rights of the rule's actor, so history, roll-ups, validations and further rules
are what the same act by a person leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.program import CreateRecord, DeleteRecords, RestoreRecord, SetFields, UpdateRecords
from engine.automation.step_effects import effect, located
from metamodel.values import Ref
from workflow_dsl.context import Context


def _set(doing: Doing, action: SetFields) -> StepDone:
    own = doing.own_record("set fields of")
    values = _values_of(doing, action)
    changed = doing.work.update(own.object, own.id, values)
    effects = [effect("updated" if changed else "unchanged", own.object, own.id, fields=list(values), own=True)]
    return StepDone(kind="set", text=action.text, effects=effects, rows=int(changed))


def _values_of(doing: Doing, action: SetFields) -> dict[str, Any]:
    if all(value.is_constant for _, value in action.fields):
        # Nothing looks at the record: it is read once, by the save.
        return {name: value.constant() for name, value in action.fields}
    context = doing.context()
    values: dict[str, Any] = {}
    for name, value in action.fields:
        values[name] = value.evaluate(_seeing(context, values))
    return values


def _create(doing: Doing, action: CreateRecord) -> StepDone:
    context = doing.context()
    values = {name: value.evaluate(context) for name, value in action.fields}
    record_id = doing.work.create(action.object, values)
    filed, said = doing.work.file_mail(Ref(action.object, record_id))
    return StepDone(
        kind="create",
        text=action.text,
        value={"given": record_id, **({"message": said} if said else {})},
        effects=[effect("created", action.object, record_id), *filed],
        rows=1 + len(filed),
    )


def _update(doing: Doing, action: UpdateRecords) -> StepDone:
    effects, written = [], 0
    for object_key, record_id, row in located(doing.work.rows(action.rows, doing.names), action.rows):
        context = doing.context(it=row)
        values = {name: value.evaluate(context) for name, value in action.fields}
        changed = doing.work.update(object_key, record_id, values)
        written += int(changed)
        effects.append(effect("updated" if changed else "unchanged", object_key, record_id, fields=list(values)))
    return StepDone(kind="update", text=action.text, effects=effects, rows=written)


def _delete(doing: Doing, action: DeleteRecords) -> StepDone:
    effects = []
    for object_key, record_id, _ in located(doing.work.rows(action.rows, doing.names), action.rows):
        doing.work.delete(object_key, record_id)
        effects.append(effect("deleted", object_key, record_id))
    return StepDone(kind="delete", text=action.text, effects=effects, rows=len(effects))


def _restore(doing: Doing, action: RestoreRecord) -> StepDone:
    effects, written = [], 0
    for object_key, record_id, _ in located(doing.work.rows(action.rows, doing.names), action.rows):
        restored = doing.work.restore(object_key, record_id)
        written += int(restored)
        effects.append(effect("restored" if restored else "unchanged", object_key, record_id))
    return StepDone(kind="restore", text=action.text, effects=effects, rows=written)


RECORD_PERFORMERS: Performers = MappingProxyType(
    {
        SetFields: _set,
        CreateRecord: _create,
        UpdateRecords: _update,
        DeleteRecords: _delete,
        RestoreRecord: _restore,
    }
)


def _seeing(context: Context, values: Mapping[str, Any]) -> Context:
    if not values:
        return context
    return cast(Context, _Overlaid(context, values))


class _Overlaid:
    """A context whose record has some values already: `set a = 1, b = a + 1` sees the new `a`."""

    def __init__(self, context: Context, values: Mapping[str, Any]) -> None:
        self._context = context
        self.this = {**context.this, **values}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)
