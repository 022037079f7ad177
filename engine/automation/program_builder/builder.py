"""Builds the program of a rule from its checked form: the same tree, expressions compiled, sets in a row made one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.automation import program as built
from engine.automation.program_builder.approvals import on_approval
from engine.automation.program_builder.blocks import build_block
from engine.automation.program_builder.calls import on_call
from engine.automation.program_builder.place import Place
from engine.automation.program_builder.triggers import on_moment, on_record, on_schedule
from engine.automation.program_builder.waiting import calendar_of, on_held
from metamodel.apps import Metamodel
from workflow_dsl import checked_rules as checked


class ProgramBuilder:
    """Builds programs of one release."""

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel
        self._labels = {(app.name, name): label for app in metamodel.apps for name, label in app.rule_labels.items()}

    def build(self, rule: checked.CheckedRule) -> built.Program:
        """Build one rule."""
        place = Place(self._metamodel, rule.object, build_block)
        return built.Program(
            name=rule.key,
            label=rule.label,
            labels=self._labels_of(rule),
            text=rule.text,
            at=str(rule.at),
            app=rule.app,
            is_before=rule.is_before,
            object=rule.object,
            condition=place.optional(rule.condition),
            actions=place.actions(rule.actions),
            otherwise=place.actions(rule.otherwise),
            on_record=tuple(on_record(place, trigger) for trigger in rule.on_record),
            on_moment=tuple(on_moment(trigger) for trigger in rule.on_moment),
            on_held=tuple(on_held(place, trigger) for trigger in rule.on_held),
            on_schedule=tuple(on_schedule(trigger) for trigger in rule.on_time),
            on_approval=tuple(map(on_approval, rule.on_approval)),
            on_call=tuple(self._labelled(rule, on_call(place, trigger)) for trigger in rule.on_call),
            each=place.rows(rule.each) if rule.each is not None else None,
            each_name=rule.each_name,
            priority=rule.priority,
            runs_as=rule.run_as.value,
            retries=rule.retries,
            loop_limit=rule.loop_limit,
            bulk=rule.bulk,
            missed=rule.missed,
            calendar=calendar_of(self._metamodel, rule.calendar),
            mode=rule.mode,
            once=rule.once,
            limit=rule.limit,
            limit_unit=rule.limit_unit,
            on_failure=place.actions(rule.on_failure),
            active=rule.active,
        )

    def _labelled(self, rule: checked.CheckedRule, call: built.OnCall) -> built.OnCall:
        """Give what a button asks for the labels that translations have for it."""
        if not isinstance(call, built.OnButton):
            return call
        named = ((each, self._labels.get((rule.app, f"{rule.name}.{each.name}"))) for each in call.inputs)
        return replace(call, inputs=tuple(replace(each, label=label) for each, label in named))

    def _labels_of(self, rule: checked.CheckedRule) -> Mapping[str, str]:
        found = self._labels.get((rule.app, rule.name))
        return {code: text.text for code, text in found.texts} if found is not None else {}
