"""Inside actions about what becomes of records: convert, merge; and `run rule`, which starts another rule's run.

They go through the doors that pages and the API use, with the rights of the rule's actor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

from engine.automation.inside_actions.base import Doing, Performers
from engine.automation.journal import StepDone
from engine.automation.program import CallRule, ConvertByFile, ConvertRecord, MergeRecords, Rows, Value
from engine.automation.run_state import StepFailed
from engine.automation.step_effects import effect, located
from engine.records.conversions.converting import NEW, ConversionRequest, convert_by, convert_record
from engine.records.conversions.keeping import Converted
from engine.records.conversions.plan import ConversionPlan, TargetPlan
from engine.records.merging.merging import MergeRequest, merge_records
from metamodel.definitions.intake import ConversionDef
from metamodel.source import Location
from metamodel.values import Ref


def _convert_using(doing: Doing, action: ConvertByFile) -> StepDone:
    own, transaction = doing.own_record("convert"), doing.work.transaction
    asked = ConversionRequest(conversion=action.conversion, confirm=None)
    done = convert_record(transaction, transaction.object_def(own.object), own.id, asked)
    return _converted(action.text, own, done)


def _convert_to(doing: Doing, action: ConvertRecord) -> StepDone:
    own, transaction = doing.own_record("convert"), doing.work.transaction
    plan = conversion_of(doing, action, own)
    asked = ConversionRequest(use={each.name: NEW for each in plan.targets}, confirm=None)
    done = convert_by(transaction, transaction.object_def(own.object), own.id, plan, asked)
    return _converted(action.text, own, done)


def conversion_of(doing: Doing, action: ConvertRecord, own: Ref) -> ConversionPlan:
    """Give the conversion that an action describes; later targets see the first one by the name it is given."""
    metamodel = doing.work.transaction.parts.metamodel
    source = metamodel.objects[own.object]
    first = "0"

    def computed(value: Value, *, sees: bool) -> Callable[[Any], Any]:
        def evaluate(context: Any) -> Any:
            given = {action.given_name: context.given(first)} if sees and action.given_name is not None else {}
            return value.evaluate(doing.context(**given))

        return evaluate

    targets = tuple(
        TargetPlan(
            name=str(number),
            object=metamodel.objects[key],
            fields={name: computed(value, sees=number > 0) for name, value in fields},
            match=(),
            when=None,
        )
        for number, (key, fields) in enumerate(action.targets)
    )
    # A rule's conversion has no file of its own.
    definition = ConversionDef(
        name=doing.work.rule, app=source.app, at=Location(file=""), source=own.object, targets=(), values={}, carry=()
    )
    return ConversionPlan(definition=definition, source=source, targets=targets, values={}, carried=(), when=None)


def _converted(text: str, own: Ref, done: Converted) -> StepDone:
    effects = [effect("created" if each.created else "unchanged", each.object, each.id) for each in done.made]
    effects.append(effect("converted", own.object, own.id, own=True))
    given = done.made[0].id if done.made else None
    return StepDone(kind="convert", text=text, value={"given": given}, effects=effects, rows=len(effects))


def _merge(doing: Doing, action: MergeRecords) -> StepDone:
    gone, into = (_only(doing, rows) for rows in (action.gone, action.into))
    if gone is None or into is None or gone == into:
        return StepDone(kind="merge", text=action.text, outcome="nothing")
    transaction = doing.work.transaction
    asked = MergeRequest(gone=(gone.id,), confirm=None)
    merged = merge_records(transaction, transaction.object_def(action.object), into.id, asked)
    effects = [effect("merged", into.object, into.id), effect("deleted", gone.object, gone.id)]
    return StepDone(kind="merge", text=action.text, effects=effects, rows=2 + merged.moved)


def _only(doing: Doing, rows: Rows) -> Ref | None:
    found = _refs(doing, rows)
    return next(iter(found), None)


def _refs(doing: Doing, rows: Rows) -> Iterable[Ref]:
    return [Ref(key, record_id) for key, record_id, _ in located(doing.work.rows(rows, doing.names), rows)]


def _call_rule(doing: Doing, action: CallRule) -> StepDone:
    targets = [doing.own_record("run a rule on")] if action.rows is None else _refs(doing, action.rows)
    effects = []
    for target in targets:
        called = doing.work.call_rule(action.rule, target, action.text)
        if called.run is None:
            raise StepFailed(called.reason)
        more = {"run": called.run, **({"note": called.reason} if called.reason else {})}
        effects.append(effect("called", target.object, target.id, **more))
    return StepDone(kind="run rule", text=action.text, effects=effects)


FATE_PERFORMERS: Performers = MappingProxyType(
    {ConvertByFile: _convert_using, ConvertRecord: _convert_to, MergeRecords: _merge, CallRule: _call_rule}
)
