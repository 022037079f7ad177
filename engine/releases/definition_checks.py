"""Checks the expressions of an app's smaller files: reports, service clocks, targets, conversions, scenarios …

Each is checked in the scope in which it will be used; names outside expressions are looked up when the folder is
linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from metamodel.apps import Metamodel
from metamodel.definitions.analytics import ReportDef
from metamodel.definitions.intake import ConversionDef
from metamodel.definitions.scenarios import ScenarioDef, StepKind
from metamodel.definitions.service import ServiceClockDef
from metamodel.source import LocatedText, Problem
from workflow_dsl.checker import check_condition, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.schedule_texts import check_schedule
from workflow_dsl.scope import Scope
from workflow_dsl.types import DURATION, Type, record_of, type_of_field


def check_definitions(metamodel: Metamodel, functions: FunctionRegistry) -> Iterator[Problem]:
    """Give the problems of all expressions of the smaller files."""
    scope = Scope(metamodel=metamodel, functions=functions)
    for report in metamodel.reports.values():
        yield from _report(report, scope)
    for target in metamodel.targets.values():
        yield from _filter(target.where, target.object, scope, "a target's filter")
    for clock in metamodel.service_clocks.values():
        yield from _clock(clock, scope)
    for territory in metamodel.territories.values():
        for key, text in territory.objects.items():
            yield from _filter(text, key, scope, "a territory's filter")
    for connector in metamodel.connectors.values():
        yield from check_schedule(connector.schedule)
    for conversion in metamodel.conversions.values():
        yield from _conversion(conversion, scope)
    for scenario in metamodel.scenarios.values():
        yield from _scenario(scenario, scope)


def _filter(text: LocatedText | None, key: str | None, scope: Scope, place: str) -> Iterator[Problem]:
    if text is not None and key is not None:
        yield from check_condition(text, replace(scope, object=key, place=place, needs_sql=True)).problems


def _report(report: ReportDef, scope: Scope) -> Iterator[Problem]:
    yield from _filter(report.where, report.object, scope, "a report's filter")
    if report.object is None:
        return
    inside = replace(scope, object=report.object, place="a report", needs_sql=True)
    groups = (*report.groups, *((report.across,) if report.across is not None else ()))
    measured = (measure.of for measure in report.measures if measure.of is not None)
    for text in (*report.columns, *(group.path for group in groups), *measured):
        yield from check_text(text, inside).problems


def _clock(clock: ServiceClockDef, scope: Scope) -> Iterator[Problem]:
    if clock.object is None:
        return
    inside = replace(scope, object=clock.object, place="a service clock", allows_old=True)
    for condition in (clock.start, clock.pause, clock.stop):
        if condition is not None:
            yield from check_condition(condition, inside).problems
    for target in (*clock.targets.values(), *((clock.target,) if clock.target is not None else ())):
        yield from check_text(target, inside, wanted=DURATION, what="a target").problems


def _conversion(conversion: ConversionDef, scope: Scope) -> Iterator[Problem]:
    if conversion.source is None:
        return
    inside = replace(scope, object=conversion.source, place="a conversion")
    if conversion.when is not None:
        yield from check_condition(conversion.when, inside).problems
    made: dict[str, Type] = {}
    for target in conversion.targets:
        here = replace(inside, given=dict(made))
        if target.when is not None:
            yield from check_condition(target.when, here).problems
        if target.object is not None:
            yield from _values(target.fields, target.object, here)
            made[target.name] = record_of(target.object)
    yield from _values(conversion.values, conversion.source, replace(inside, given=made))


def _values(fields: Mapping[str, LocatedText], key: str, scope: Scope) -> Iterator[Problem]:
    known = scope.metamodel.objects[key].fields
    for name, text in fields.items():
        if name in known:
            yield from check_text(text, scope, wanted=type_of_field(known[name]), what=f"'{name}'").problems


def _scenario(scenario: ScenarioDef, scope: Scope) -> Iterator[Problem]:
    records = {name: record_of(key) for name, key in scenario.records.items() if key is not None}
    inside = replace(scope, place="an expectation", given=records)
    for act in scenario.acts:
        if act.text is None:
            continue
        if act.kind is StepKind.EXPECT:
            yield from check_condition(act.text, inside).problems
        elif act.kind is StepKind.ADVANCE:
            yield from check_text(act.text, inside, wanted=DURATION, what="a time to go on by").problems
