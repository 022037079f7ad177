"""Actions inside the database, each in one transaction with its step row: set, create, update, delete, notify, log.

They go through the one door with the rights of the rule's actor, so history, roll-ups, validations and further rules
are what the same act by a person leaves. Tags, comments and `restore` are in `marking`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy import Connection

from engine import faults
from engine.automation.explaining import explain_value
from engine.automation.journal import Journal, StepDone
from engine.automation.marking import mark
from engine.automation.people import Directory, users_of
from engine.automation.program import (
    Action,
    ChangeTag,
    CreateRecord,
    DeleteRecords,
    Loop,
    NotifyPeople,
    PostComment,
    RestoreRecord,
    Rows,
    SetFields,
    StopRule,
    UpdateRecords,
    Value,
    WriteLog,
)
from engine.automation.run_state import StepFailed
from engine.automation.step_effects import effect, located, text_of
from engine.clock import Clock
from metamodel.values import Ref
from workflow_dsl.context import Context


class Work(Protocol):
    """One transaction of a run, as the door gives it."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        ...

    @property
    def directory(self) -> Directory:
        """Who belongs where."""
        ...

    def context(self, names: Mapping[str, Any], *, with_rights: bool = True) -> Context:
        """Give what values are evaluated in: `this` as it is now, `old` as it was, further names.

        with_rights: with the eyes of the rule's actor; else the whole record, as conditions see it.
        """
        ...

    def rows(self, rows: Rows, names: Mapping[str, Any]) -> list[Any]:
        """Give the records an action is about: ids, or Refs where their object is not known beforehand."""
        ...

    def create(self, object_key: str, values: Mapping[str, Any]) -> str:
        """Create a record and give its id."""
        ...

    def update(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> bool:
        """Update a record; False where it had these values already."""
        ...

    def delete(self, object_key: str, record_id: str) -> None:
        """Move a record to the bin."""
        ...

    def restore(self, object_key: str, record_id: str) -> bool:
        """Take a record out of the bin; False where it is not in it."""
        ...

    def change_tag(self, name: str, targets: Sequence[Ref], *, add: bool) -> Mapping[Ref, str]:
        """Put a tag on records or take it off; give those where that was news, with the id of what was written."""
        ...

    def notify(self, user_id: str, text: str, *, key: str) -> None:
        """Tell a user something; the same key tells nobody twice."""
        ...

    def log(self, text: str) -> None:
        """Write a line to the program's log."""
        ...


class Door(Protocol):
    """Opens transactions for a run."""

    def work(self, path: str) -> AbstractContextManager[Work]:
        """Open a transaction for a step; what goes wrong in it comes out as StepFailed."""
        ...


Do = Callable[[Work], StepDone]


@dataclass(slots=True, kw_only=True)
class InsideActions:
    """Does the inside actions of one run."""

    journal: Journal
    door: Door
    clock: Clock
    object_key: str | None
    record_id: str | None

    def step(self, path: str, do: Do, *, counts: bool = True) -> Mapping[str, Any]:
        """Do something and record it, both or neither; give what was recorded."""
        begun = self.clock.now()
        with self.door.work(path) as work:
            self.journal.claim(work.connection, counts=counts)
            step = do(work)
            faults.reach("run.before_step_row")
            self.journal.record(work.connection, path, step, begun=begun)
            faults.reach("run.before_commit")
        faults.reach("run.after_commit")
        self.journal.keep(path, step)
        return step.value

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one action."""
        return self.step(path, lambda work: self._do(work, action, path, names))

    def rows_of_loop(self, action: Loop, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Find the rows of a `for each` and record them, so that every turn is the same after a restart."""

        def do(work: Work) -> StepDone:
            found = work.rows(action.rows, names)
            text = f"{action.text} ({len(found)} rows)"
            return StepDone(kind="for each", text=text, value={"rows": found}, counts=False)

        return self.step(path, do, counts=False)

    def _do(self, work: Work, action: Action, path: str, names: Mapping[str, Any]) -> StepDone:
        match action:
            case SetFields():
                return self._set(work, action, names)
            case CreateRecord():
                return self._create(work, action, names)
            case UpdateRecords():
                return self._update(work, action, names)
            case DeleteRecords():
                return self._delete(work, action, names)
            case RestoreRecord() | ChangeTag() | PostComment():
                return mark(work, action, names, self._own())
            case NotifyPeople():
                return self._notify(work, action, path, names)
            case WriteLog(message=message):
                text = text_of(message, work.context(names))
                work.log(text)
                return StepDone(kind="log", text=action.text, value={"message": text})
            case StopRule():
                return StepDone(kind="stop", text=action.text, counts=False)
        raise AssertionError(f"the checker lets no {type(action).__name__} into an after rule")

    def _set(self, work: Work, action: SetFields, names: Mapping[str, Any]) -> StepDone:
        object_key, record_id = self._own_record()
        context = work.context(names)
        values: dict[str, Any] = {}
        for name, value in action.fields:
            values[name] = value.evaluate(_seeing(context, values))
        changed = work.update(object_key, record_id, values)
        effects = [effect("updated" if changed else "unchanged", object_key, record_id, fields=list(values), own=True)]
        return StepDone(kind="set", text=action.text, effects=effects, rows=int(changed))

    def _create(self, work: Work, action: CreateRecord, names: Mapping[str, Any]) -> StepDone:
        context = work.context(names)
        values = {name: value.evaluate(context) for name, value in action.fields}
        record_id = work.create(action.object, values)
        return StepDone(
            kind="create",
            text=action.text,
            value={"given": record_id},
            effects=[effect("created", action.object, record_id)],
            rows=1,
        )

    def _update(self, work: Work, action: UpdateRecords, names: Mapping[str, Any]) -> StepDone:
        effects, written = [], 0
        for object_key, record_id, row in located(work.rows(action.rows, names), action.rows):
            context = work.context({**names, "it": row})
            values = {name: value.evaluate(context) for name, value in action.fields}
            changed = work.update(object_key, record_id, values)
            written += int(changed)
            effects.append(effect("updated" if changed else "unchanged", object_key, record_id, fields=list(values)))
        return StepDone(kind="update", text=action.text, effects=effects, rows=written)

    def _delete(self, work: Work, action: DeleteRecords, names: Mapping[str, Any]) -> StepDone:
        effects = []
        for object_key, record_id, _ in located(work.rows(action.rows, names), action.rows):
            work.delete(object_key, record_id)
            effects.append(effect("deleted", object_key, record_id))
        return StepDone(kind="delete", text=action.text, effects=effects, rows=len(effects))

    def _notify(self, work: Work, action: NotifyPeople, path: str, names: Mapping[str, Any]) -> StepDone:
        context = work.context(names)
        people = dict.fromkeys(
            user for value in action.people for user in users_of(value.typed, value.evaluate(context), work.directory)
        )
        text = text_of(action.message, context)
        for user_id in people:
            work.notify(user_id, text, key=f"{self.journal.run.key(path)}:{user_id}")
        effects = [effect("notified", "user", user_id) for user_id in people]
        outcome = "done" if people else "nobody"
        return StepDone(kind="notify", text=action.text, value={"message": text}, effects=effects, outcome=outcome)

    def _own_record(self) -> Ref:
        own = self._own()
        if own is None:
            raise StepFailed("the rule has no record of its own to set fields of")
        return own

    def _own(self) -> Ref | None:
        return Ref(self.object_key, self.record_id) if self.object_key and self.record_id else None


def do_decision(work: Work, condition: Value, names: Mapping[str, Any], *, explain: bool = False) -> StepDone:
    """Judge a condition and record the answer, with the values of its parts where people want to see them."""
    context = work.context(names, with_rights=False)
    holds = bool(condition.evaluate(context))
    value: dict[str, Any] = {"holds": holds}
    if explain:
        value["explained"] = explain_value(condition, context)
    return StepDone(kind="if", text=condition.text, value=value, counts=False)


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
