"""Before rules: carried out inside the save, on the record at hand, in order of priority and name.

A rule whose condition or values cannot be evaluated refuses the save; it is never taken as true.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from engine.automation.program import (
    Action,
    Branch,
    ChangeTag,
    Loop,
    OnRecord,
    Program,
    RefuseSave,
    Rows,
    SetFields,
    StopRule,
    Value,
    WriteLog,
)
from engine.automation.rule_index import RuleIndex, triggers_for
from engine.automation.selecting import in_order
from engine.automation.sifting import concerned
from engine.expressions.context import RecordContext
from engine.records.hooks import Draft, SaveKind
from engine.records.saving.messages import say
from engine.records.saving.record_columns import RecordColumns
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

IndexOf = Callable[[Any], RuleIndex]
WriteToLog = Callable[[str, str], None]
Names = Mapping[str, Any]
_NO_NAMES: Names = MappingProxyType({})


class _Stopped(Exception):
    """`stop` was reached."""


class BeforeRunner:
    """The before rules of an installation; implements `BeforeRules` of the door.

    index_of: the rules of a transaction's release. log: gets rule and message of `log "…"`.
    """

    def __init__(self, index_of: IndexOf, log: WriteToLog) -> None:
        self._index_of = index_of
        self._log = log

    def applies(self, transaction: Any, object_key: str, kind: SaveKind) -> bool:
        """Say whether any before rule is for this object and kind of save."""
        return bool(self._index_of(transaction).before(object_key, kind))

    def concerned(self, transaction: Any, new: RecordColumns) -> Collection[int]:
        """Give the places of the new records of a batch that a rule may change or refuse."""
        programs = self._index_of(transaction).before(new.plan.object.key, SaveKind.CREATED)
        return concerned(transaction, programs, new)

    def __call__(self, transaction: Any, draft: Draft) -> None:
        """Carry the rules out on one draft."""
        for program in self._index_of(transaction).before(draft.object_key, draft.kind):
            try:
                self._run(program, draft)
            except EvaluationError as error:
                rule = program.called(draft.language)
                draft.reject(say("rule_not_computable", draft.language, rule=rule, reason=error))

    def _run(self, program: Program, draft: Draft) -> None:
        triggers = triggers_for(program, draft.object_key, draft.kind, draft.changed)
        context = draft.context
        if not any(values_fit(trigger, context, draft.old, draft.values) for trigger in triggers):
            return
        holds = program.condition is None or bool(program.condition.evaluate(context))
        if holds or program.otherwise:
            draft.ran(program.name)
        self.carry_out(program, draft, holds=holds)

    def carry_out(self, program: Program, draft: Draft, *, holds: bool) -> None:
        """Carry out a rule's actions on a draft, or those of its `else`; its trigger and condition are judged before.

        Raises: EvaluationError.
        """
        try:
            self._block(program, program.actions if holds else program.otherwise, draft)
        except _Stopped:
            return

    def _block(self, program: Program, actions: tuple[Action, ...], draft: Draft, names: Names = _NO_NAMES) -> None:
        for action in actions:
            if action.unless is None or not action.unless.evaluate(_context(draft, names)):
                self._act(program, action, draft, names)

    def _act(self, program: Program, action: Action, draft: Draft, names: Names) -> None:
        match action:
            case SetFields(fields=fields):
                for name, value in fields:
                    # Each sees those before it.
                    draft.set(name, value.evaluate(_context(draft, names)))
            case ChangeTag(add=add, tag=tag):
                draft.tag(_message(tag, draft, names), add=add)
            case RefuseSave():
                _refuse(program, action, draft, names)
            case Branch(condition=condition, then=then, otherwise=otherwise):
                chosen = then if condition.evaluate(_context(draft, names)) else otherwise
                self._block(program, chosen, draft, names)
            case Loop(variable=variable, rows=rows, actions=actions):
                for row in _rows_of(rows, _context(draft, names), draft.record_id):
                    self._block(program, actions, draft, {**names, variable: row})
            case WriteLog(message=message):
                self._log(program.name, _message(message, draft, names))
            case StopRule():
                raise _Stopped
            case _:
                raise AssertionError(f"the checker lets no {type(action).__name__} into a before rule")


def _context(draft: Draft, names: Names) -> RecordContext:
    context: RecordContext = draft.context
    return context.with_given(names) if names else context


def _refuse(program: Program, action: RefuseSave, draft: Draft, names: Names) -> None:
    text = _message(action.message, draft, names)
    tell = draft.warn if action.warning else draft.reject
    tell(text, field=action.field, code=program.name)


def _rows_of(rows: Rows, context: RecordContext, record_id: str) -> list[str]:
    """Give the ids of a list's records; the checker lets before rules go through lists only."""
    assert rows.list_name is not None, "a before rule goes through lists"
    assert rows.base_object is not None, "a list is of an object"
    base = rows.base.evaluate(context) if rows.base is not None else record_id
    base_id = base.id if isinstance(base, Ref) else base
    listed = context.children(rows.base_object, rows.list_name, base_id) if base_id else ()
    kept = [row for row in listed if rows.where is None or rows.where.evaluate(context, row)]
    return [row["id"] for row in in_order(kept, rows, context)]


def values_fit(trigger: OnRecord, context: RecordContext, old: Any, new: Any) -> bool:
    """Say whether a trigger's values fit: a field changed from and to them, a condition holds and did not before.

    Raises:
        EvaluationError: that cannot be told, also where it fails of the old values alone.
    """
    if trigger.match is not None:
        before = context.before_change()
        if not trigger.match.evaluate(context):
            return False
        return before is None or not trigger.match.evaluate(before)
    if trigger.field is None:
        return True
    if trigger.before is not None and old.get(trigger.field) != trigger.before.evaluate(context):
        return False
    return trigger.after is None or new.get(trigger.field) == trigger.after.evaluate(context)


def _message(message: Value, draft: Draft, names: Names) -> str:
    return str(message.evaluate(_context(draft, names)) or "")
