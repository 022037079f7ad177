"""GET /reports and GET /reports/{report}: the reports of the apps over what the caller may read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from engine.records.reports import read_report, reports_for
from metamodel.definitions.analytics import GroupDef, MeasureDef, ReportDef
from metamodel.texts import label_text
from ui.api.answers import json_answer
from ui.api.parameters import read_parameters
from ui.api.value_schemas import Schema
from ui.context import actor, language, platform, release


def register_reports(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/reports")(list_reports)
    api.get("/reports/<report_name>")(show_report)


def list_reports() -> Response:
    """GET /reports: the reports that are for the caller."""
    read_parameters(())
    return json_answer({"items": [_summary(each) for each in known_reports()]})


def show_report(report_name: str) -> Response:
    """GET /reports/{report}: its groups with measures and their total, and its rows where it has columns."""
    narrowed = read_parameters(("filter",)).get("filter", "")
    with platform().records.reading(actor(), release=release()) as transaction:
        found = read_report(transaction, report_name, narrowed_by=narrowed, with_total=True)
        rows = [each.json for each in found.page.rows] if found.page is not None else None
    definition = found.definition
    asked = (*definition.groups, *((definition.across,) if definition.across is not None else ()))
    groups, measures = [_group(each) for each in asked], [_measure(each) for each in definition.measures] or ["count"]
    figures = [
        {
            "groups": dict(zip(groups, each.groups, strict=True)),
            "measures": dict(zip(measures, each.measures, strict=True)),
        }
        for each in found.groups
    ]
    total = dict(zip(measures, found.total.measures, strict=True)) if found.total is not None else None
    return json_answer({**_summary(definition), "groups": figures, "total": total, "rows": rows})


def known_reports() -> tuple[ReportDef, ...]:
    """Give the reports that are for the caller."""
    return reports_for(release().metamodel, platform().records.access(actor(), release()))


def report_paths() -> dict[str, Any]:
    """Give the paths for OpenAPI."""
    text: Schema = {"type": "string"}
    name: Schema = {"name": "report", "in": "path", "required": True, "schema": text}
    narrowed: Schema = {"name": "filter", "in": "query", "schema": text}
    summary: Schema = {
        "type": "object",
        "properties": {"name": text, "label": text, "object": text},
        "required": ["name", "label", "object"],
    }
    listed: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": summary}},
        "required": ["items"],
    }
    figures: Schema = {"type": "array", "items": {"type": "object", "required": ["groups", "measures"]}}
    whole: Schema = {
        "type": "object",
        "properties": {
            **summary["properties"],
            "groups": figures,
            "total": {"type": ["object", "null"]},
            "rows": {"type": ["array", "null"]},
        },
        "required": ["name", "label", "object", "groups", "total", "rows"],
    }
    return {
        "/reports": {"get": _call("list reports", "The reports.", listed)},
        "/reports/{report}": {
            "parameters": [name],
            "get": {"parameters": [narrowed], **_call("read report", "Its figures.", whole)},
        },
    }


def _summary(report: ReportDef) -> dict[str, Any]:
    return {"name": report.name, "label": label_text(report.label, language(), report.name), "object": report.object}


def _group(group: GroupDef) -> str:
    return f"{group.path.text} by {group.by}" if group.by else group.path.text


def _measure(measure: MeasureDef) -> str:
    return f"{measure.function}({measure.of.text})" if measure.of is not None else measure.function


def _call(name: str, told: str, schema: Schema) -> dict[str, Any]:
    answer = {"description": told, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": name.replace(" ", "_"),
        "tags": ["reports"],
        "responses": {"200": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
