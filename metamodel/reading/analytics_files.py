"""Reads reports, dashboards and targets."""

from __future__ import annotations

from metamodel.definitions.analytics import (
    DashboardDef,
    DashboardPartDef,
    GroupDef,
    MeasureDef,
    ReportDef,
    TargetDef,
    TargetPartDef,
)
from metamodel.reading.node_values import (
    FindObject,
    Reading,
    child,
    entries,
    integer,
    items,
    label,
    located,
    located_list,
    scalars,
    word,
    words,
)
from metamodel.reading.object_file import sort_key
from metamodel.source import LocatedText, Location
from metamodel.yaml_nodes import Mapping, Node, Scalar


def read_report(node: Mapping, reading: Reading, find: FindObject) -> ReportDef:
    """Read a file of reports/."""
    name = node.get("report")
    app = reading.app(node.at)
    return ReportDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        object=find(word(node.get("object")), app),
        label=label(node.get("label"), reading.language),
        help=label(node.get("help"), reading.language),
        columns=located_list(node.get("columns")),
        where=located(node.get("where")),
        groups=tuple(group for item in items(node.get("groups")) if (group := _group(item, reading)) is not None),
        across=_group(node.get("across"), reading),
        measures=tuple(read_measure(item, reading) for item in items(node.get("measures"))),
        sort=tuple(sort_key(scalar) for scalar in scalars(node.get("sort"))),
        limit=integer(node.get("limit")),
        chart=word(node.get("chart")),
        roles=words(node.get("roles")),
    )


def _group(node: Node | None, reading: Reading) -> GroupDef | None:
    path = located(node) if isinstance(node, Scalar) else located(child(node, "field"))
    if path is None:
        return None
    return GroupDef(path=path, by=word(child(node, "by")), label=label(child(node, "label"), reading.language))


def read_measure(node: Node | None, reading: Reading) -> MeasureDef:
    """Read a measure: `count`, or a function with the path it is of."""
    at = node.at if node is not None else Location(file="")
    if not isinstance(node, Mapping):
        return MeasureDef(function=word(node) or "count", at=at)
    return MeasureDef(
        function=word(node.get("function")) or "count",
        at=at,
        of=located(node.get("of")),
        label=label(node.get("label"), reading.language),
    )


def read_dashboard(node: Mapping, reading: Reading, find: FindObject) -> DashboardDef:
    """Read a file of dashboards/."""
    name = node.get("dashboard")
    app = reading.app(node.at)
    return DashboardDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        label=label(node.get("label"), reading.language),
        columns=integer(node.get("columns")) or 2,
        roles=words(node.get("roles")),
        parts=tuple(
            DashboardPartDef(
                at=part.at,
                report=word(child(part, "report")),
                object=find(word(child(part, "object")), app),
                view=word(child(part, "view")),
                label=label(child(part, "label"), reading.language),
                width=integer(child(part, "width")) or 1,
                chart=word(child(part, "chart")),
            )
            for part in items(node.get("parts"))
        ),
    )


def read_target(node: Mapping, reading: Reading, find: FindObject) -> TargetDef:
    """Read a file of targets/."""
    name = node.get("target")
    app = reading.app(node.at)
    return TargetDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        object=find(word(node.get("object")), app),
        measure=read_measure(node.get("measure"), reading),
        date=word(node.get("date")) or "",
        period=word(node.get("period")) or "month",
        parts=_parts(node.get("tree"), reading),
        label=label(node.get("label"), reading.language),
        where=located(node.get("where")),
        by=word(node.get("by")) or "owner",
    )


def _parts(node: Node | None, reading: Reading) -> tuple[TargetPartDef, ...]:
    return tuple(
        TargetPartDef(
            name=key.text,
            at=key.at,
            label=label(child(part, "label"), reading.language),
            user=word(child(part, "user")),
            team=word(child(part, "team")),
            goals={period.text: word(goal) or "" for period, goal in entries(child(part, "goals"))},
            parts=_parts(child(part, "parts"), reading),
        )
        for key, part in entries(node)
    )


def texts_by_key(node: Node | None) -> dict[str, LocatedText]:
    """Give the located texts of a mapping's values."""
    return {key.text: text for key, value in entries(node) if (text := located(value)) is not None}
