"""The actions inside the database as a backtest imagines them: what goes through a door of its own is remembered here.

What a door would still judge (rights to share, duplicates of a conversion, whether an approval fits, whose turn it is)
is not judged: that follows from more than records of the past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.automation.inside import InsideActions
from engine.automation.inside_actions import PERFORMERS, Doing, Work
from engine.automation.inside_actions.fates import conversion_of
from engine.automation.insight.imagined import ImaginedWork
from engine.automation.journal import StepDone
from engine.automation.people import references_of, users_of
from engine.automation.program import (
    Action,
    AssignToNext,
    CallRule,
    ChangeFollowers,
    ConvertByFile,
    ConvertRecord,
    MergeRecords,
    Rows,
    ShareRecord,
    SubmitRecord,
    Value,
)
from engine.automation.run_state import StepFailed
from engine.automation.step_effects import located
from engine.records.conversions.converting import chosen_plan
from engine.records.conversions.plan import ConversionPlan, TargetPlan
from metamodel.values import Ref
from workflow_dsl.context import Context


@dataclass(slots=True, kw_only=True)
class ImaginedActions(InsideActions):
    """The inside actions of a rule of which nothing is done."""

    def _do(self, work: Work, action: Action, path: str, names: Mapping[str, Any]) -> StepDone:
        own = Ref(self.object_key, self.record_id) if self.object_key and self.record_id else None
        doing = Doing(work=work, names=names, own=own, key=self.journal.run.key(path))
        imagine = _IMAGINED.get(type(action))
        if imagine is None:
            return PERFORMERS[type(action)](doing, action)
        assert isinstance(work, ImaginedWork), "a door that does nothing gives such"
        return imagine(doing, work, action)


def _share(doing: Doing, work: ImaginedWork, action: ShareRecord) -> StepDone:
    own, values = doing.own_record("share"), {"for": "edit" if action.edits else "read"}
    if action.until is not None:
        values["until"] = action.until.evaluate(doing.context())
    people = ", ".join(dict.fromkeys(_called(doing, action.people)))
    work.note("shared", object=own.object, record_id=own.id, target=people, values=values)
    return _done(action)


def _follow(doing: Doing, work: ImaginedWork, action: ChangeFollowers) -> StepDone:
    own, context = doing.own_record("follow"), doing.context()
    found = (users_of(each.typed, each.evaluate(context), work.directory) for each in action.people)
    people = dict.fromkeys(work.directory.called("user", user) for users in found for user in users)
    kind = "add follower" if action.add else "remove follower"
    work.note(kind, object=own.object, record_id=own.id, target=", ".join(people))
    return _done(action)


def _assign(doing: Doing, work: ImaginedWork, action: AssignToNext) -> StepDone:
    own, queue = doing.own_record("assign"), action.queue.evaluate(doing.context())
    if queue is None:
        raise StepFailed(f"There is no such queue: {action.queue.text}.")
    name = work.directory.called("queue", str(queue))
    work.note("assign to next", object=own.object, record_id=own.id, target=name, values={"by": action.method.value})
    return _done(action)


def _submit(doing: Doing, work: ImaginedWork, action: SubmitRecord) -> StepDone:
    own = doing.own_record("submit")
    by = ", ".join(_called(doing, (action.by,))) if action.by is not None else ""
    values = {"by": by} if by else None
    work.note("submitted", object=own.object, record_id=own.id, target=action.approval or "", values=values)
    return _done(action)


def _call(doing: Doing, work: ImaginedWork, action: CallRule) -> StepDone:
    targets = [doing.own_record("run a rule on")] if action.rows is None else _refs(doing, action.rows)
    for target in targets:
        work.note("called", object=target.object, record_id=target.id, target=action.rule)
    return _done(action)


def _merge(doing: Doing, work: ImaginedWork, action: MergeRecords) -> StepDone:
    gone, into = (next(iter(_refs(doing, rows)), None) for rows in (action.gone, action.into))
    if gone is not None and into is not None and gone != into:
        work.note("merged", object=into.object, record_id=into.id)
        work.delete(gone.object, gone.id)
    return _done(action)


def _convert_to(doing: Doing, work: ImaginedWork, action: ConvertRecord) -> StepDone:
    own = doing.own_record("convert")
    return _converted(doing, work, action, own, conversion_of(doing, action, own))


def _convert_using(doing: Doing, work: ImaginedWork, action: ConvertByFile) -> StepDone:
    own, transaction = doing.own_record("convert"), work.transaction
    plan = chosen_plan(transaction, transaction.object_def(own.object), action.conversion)
    return _converted(doing, work, action, own, plan)


def _converted(doing: Doing, work: ImaginedWork, action: Action, own: Ref, plan: ConversionPlan) -> StepDone:
    made: dict[str, str] = {}
    for target in plan.targets:
        context = doing.work.context({**doing.names, **made})
        if target.when is None or target.when(context):
            made[target.name] = _made(work, target, context)
    context = doing.work.context({**doing.names, **made})
    values = {name: evaluate(context) for name, evaluate in plan.values.items()}
    if values:
        work.update(own.object, own.id, values)
    work.note("converted", object=own.object, record_id=own.id, target=plan.definition.name)
    return StepDone(kind="convert", text=action.text, value={"given": next(iter(made.values()), None)})


def _made(work: ImaginedWork, target: TargetPlan, context: Context) -> str:
    """Give the record that a conversion would make, or the one that it would take."""
    values = {name: evaluate(context) for name, evaluate in target.fields.items()}
    wanted = {name: values.get(name) for name in target.match}
    if wanted and None not in wanted.values():
        for row in context.records(target.object.key):
            if all(row.get(name) == value for name, value in wanted.items()):
                work.note("unchanged", object=target.object.key, record_id=str(row["id"]))
                return str(row["id"])
    return work.create(target.object.key, values)


def _refs(doing: Doing, rows: Rows) -> Iterable[Ref]:
    return [Ref(key, record_id) for key, record_id, _ in located(doing.work.rows(rows, doing.names), rows)]


def _called(doing: Doing, people: Iterable[Value]) -> Iterator[str]:
    """Give what people, teams and roles are called."""
    context, directory = doing.context(), doing.work.directory
    for value in people:
        for object_key, key in references_of(value.typed, value.evaluate(context)):
            yield key if object_key in (None, "role") else directory.called(object_key, key)


def _done(action: Action) -> StepDone:
    return StepDone(kind=type(action).__name__, text=action.text)


_IMAGINED: Mapping[type[Action], Callable[[Doing, ImaginedWork, Any], StepDone]] = MappingProxyType(
    {
        ShareRecord: _share,
        ChangeFollowers: _follow,
        AssignToNext: _assign,
        SubmitRecord: _submit,
        CallRule: _call,
        MergeRecords: _merge,
        ConvertRecord: _convert_to,
        ConvertByFile: _convert_using,
    }
)
