"""Reads the app's smaller files into the linked metamodel: each name once over all apps, objects by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from metamodel.app_tree import AppTree
from metamodel.apps import Metamodel
from metamodel.folder import FileKind
from metamodel.linking.gathering import Placed, by_name
from metamodel.linking.object_names import ObjectNames
from metamodel.reading.analytics_files import read_dashboard, read_report, read_target
from metamodel.reading.connector_file import read_connector
from metamodel.reading.decision_files import read_decision_csv, read_decision_table
from metamodel.reading.intake_files import read_conversion, read_form
from metamodel.reading.node_values import FindObject, Reading
from metamodel.reading.scenario_file import read_scenario
from metamodel.reading.service_files import read_calendar, read_currencies, read_service_clock, read_territories
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode

_T = TypeVar("_T", bound=Placed)
_Read = Callable[[MappingNode, Reading, FindObject], _T]


def add_smaller_files(
    metamodel: Metamodel, trees: Iterable[AppTree], names: ObjectNames, reading: Reading, problems: Problems
) -> Metamodel:
    """Give the metamodel with calendars, reports, dashboards, forms, conversions, clocks, targets, scenarios …

    Problems: APP332 a name given twice.
    """
    apps = tuple(trees)

    def find(name: str | None, app: str) -> str | None:
        return names.find(name, app) if name is not None else None

    def gather(kind: FileKind, what: str, read: _Read[_T]) -> Mapping[str, _T]:
        return once(what, (read(node, reading, find) for node in nodes(kind)))

    def nodes(kind: FileKind) -> Iterable[MappingNode]:
        return (node for tree in apps for node in tree.files[kind])

    def once(what: str, found: Iterable[_T]) -> Mapping[str, _T]:
        return MappingProxyType(by_name(what, found, problems))

    organization, currencies = nodes(FileKind.ORGANIZATION), nodes(FileKind.CURRENCIES)
    return replace(
        metamodel,
        calendars=once("calendar", (read_calendar(node, reading) for node in nodes(FileKind.CALENDAR))),
        reports=gather(FileKind.REPORT, "report", read_report),
        dashboards=gather(FileKind.DASHBOARD, "dashboard", read_dashboard),
        forms=gather(FileKind.FORM, "form", read_form),
        currencies=once("currency", (each for node in currencies for each in read_currencies(node, reading))),
        conversions=gather(FileKind.CONVERSION, "conversion", read_conversion),
        service_clocks=gather(FileKind.SLA, "service clock", read_service_clock),
        targets=gather(FileKind.TARGET, "target", read_target),
        connectors=gather(FileKind.CONNECTOR, "connector", read_connector),
        scenarios=gather(FileKind.TEST, "test", read_scenario),
        decisions=once(
            "decision table",
            (
                *(read_decision_table(node, reading) for node in nodes(FileKind.TABLE)),
                *(read_decision_csv(text, reading) for tree in apps for text in tree.table_files),
            ),
        ),
        territories=once(
            "territory", (each for node in organization for each in read_territories(node, reading, find))
        ),
    )
