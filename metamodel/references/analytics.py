"""Checks what reports, dashboards and targets name."""

from __future__ import annotations

import re

from metamodel.reading.node_values import child, entries, items, scalars, word
from metamodel.references.definition_names import MOMENTS, NUMBERS, DefinitionNames
from metamodel.yaml_nodes import Mapping, Node, Scalar

_PERIODS = {
    "year": (re.compile(r"\d{4}\Z"), "2026"),
    "quarter": (re.compile(r"\d{4}-Q[1-4]\Z"), "2026-Q1"),
    "month": (re.compile(r"\d{4}-\d\d\Z"), "2026-07"),
}


def check_report(node: Mapping, look: DefinitionNames) -> None:
    """Check a report.

    Problems: APP411, APP501 – APP504, OBJ201.
    """
    key = look.object(node.get("object"))
    for scalar in scalars(node.get("columns")):
        look.path("APP501", scalar, key)
    for scalar in scalars(node.get("sort")):
        look.path("APP501", scalar, key, skip=1 if scalar.text.startswith("-") else 0)
    for group in (*items(node.get("groups")), node.get("across")):
        _check_group(group, key, look)
    for measure in items(node.get("measures")):
        check_measure(measure, key, look)
    if node.get("across") is not None and node.get("groups") is None:
        look.fault("APP503", "'across' needs 'groups' beside it", node.key("across"))
    if all(node.get(part) is None for part in ("columns", "groups", "measures")):
        look.fault("APP504", "a report needs 'columns', 'groups' or 'measures'", node.key("report"))
    look.roles(node.get("roles"))


def _check_group(node: Node | None, key: str | None, look: DefinitionNames) -> None:
    end = look.path("APP501", node if isinstance(node, Scalar) else child(node, "field"), key)
    by = child(node, "by")
    if by is not None and end is not None and end.value_type not in MOMENTS:
        look.fault("APP503", f"only dates are grouped by {word(by)}; this is {end.value_type}", by)


def check_measure(node: Node | None, key: str | None, look: DefinitionNames) -> None:
    """Check a measure: sums need numbers, a count needs nothing.

    Problems: APP501, APP502.
    """
    function, of = child(node, "function"), child(node, "of")
    name = word(function)
    if function is None or name == "count":
        return
    if of is None:
        look.fault("APP502", f"'{name}' needs 'of', the field it is computed of", function)
        return
    end = look.path("APP501", of, key)
    if end is not None and name in ("sum", "avg") and end.value_type not in NUMBERS:
        look.fault("APP502", f"'{word(of)}' is {end.value_type}; '{name}' needs a number or money", of)


def check_dashboard(node: Mapping, look: DefinitionNames) -> None:
    """Check a dashboard.

    Problems: APP411, APP424, APP505, APP506, OBJ201.
    """
    look.roles(node.get("roles"))
    for part in items(node.get("parts")):
        report, target = child(part, "report"), child(part, "object")
        if (report is None) == (target is None):
            look.fault("APP506", "a part of a dashboard shows either a 'report' or an 'object'", part)
        look.known("APP505", report, "a report", look.metamodel.reports)
        key = look.object(target)
        if key is not None:
            look.known("APP424", child(part, "view"), f"a view of {key}", look.metamodel.objects[key].views)


def check_target(node: Mapping, look: DefinitionNames) -> None:
    """Check a target and its tree.

    Problems: APP501 – APP503, APP507, APP508, APP901, OBJ201.
    """
    look.not_run("targets are", node.key("target"))
    key = look.object(node.get("object"))
    check_measure(node.get("measure"), key, look)
    day = look.field("APP501", node.get("date"), key)
    if day is not None and day.value_type not in MOMENTS:
        look.fault("APP503", f"'{day.name}' is {day.value_type}; a target counts by a date", node.get("date"))
    look.field("APP501", node.get("by"), key)
    for entry in entries(node.get("tree")):
        _check_part(entry.value, word(node.get("period")) or "", look)


def _check_part(node: Node, period: str, look: DefinitionNames) -> None:
    look.known("APP507", child(node, "team"), "a team", look.metamodel.teams)
    if child(node, "team") is not None and child(node, "user") is not None:
        look.fault("APP507", "a part is owed by a team or by a user, not both", child(node, "user"))
    for key, _ in entries(child(node, "goals")):
        pattern, example = _PERIODS.get(period, (None, ""))
        is_period = any(each.match(key.text) for each, _ in _PERIODS.values())
        if pattern is not None and is_period and not pattern.match(key.text):
            look.fault("APP508", f"'{key.text}' is not a {period}", key, f"write one such as {example}")
    for entry in entries(child(node, "parts")):
        _check_part(entry.value, period, look)
