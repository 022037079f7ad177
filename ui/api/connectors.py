"""Connectors: GET /connectors and one with its reconciliation report; POST lets a worker run it, or only compare."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from engine.connectors.desk import ConnectorReport, ConnectorState
from ui.api.answers import json_answer
from ui.api.body import read_no_body
from ui.api.parameters import read_parameters
from ui.api.value_schemas import Schema
from ui.context import actor, platform
from ui.phrases import marked as _l

CONNECTOR_CALLS = {
    "get /connectors": _l("How connectors stand"),
    "get /connectors/{connector}": _l("One connector with its reconciliation report"),
    "post /connectors/{connector}/run": _l("Let a worker run a connector"),
    "post /connectors/{connector}/compare": _l("Let a worker compare both sides of a connector"),
}
CONNECTOR_NOTES = (_l("Connectors."), _l("The connector."))
"""What the API's document says of these calls; see `document_words`."""


def register_connectors(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/connectors")(list_connectors)
    api.get("/connectors/<connector_name>")(get_connector)
    api.post("/connectors/<connector_name>/run")(run_connector)
    api.post("/connectors/<connector_name>/compare")(compare_connector)


def list_connectors() -> Response:
    """GET /connectors: how each stands."""
    read_parameters(())
    return json_answer({"items": [state_json(each) for each in platform().connectors.desk.list(actor())]})


def get_connector(connector_name: str) -> Response:
    """GET /connectors/{connector}: how it stands, which records were refused, where both sides differ."""
    read_parameters(())
    return json_answer(report_json(platform().connectors.desk.show(actor(), connector_name)))


def run_connector(connector_name: str) -> Response:
    """POST /connectors/{connector}/run: a worker runs it in a moment."""
    return _asked(connector_name, only_compare=False)


def compare_connector(connector_name: str) -> Response:
    """POST /connectors/{connector}/compare: a worker compares both sides in a moment."""
    return _asked(connector_name, only_compare=True)


def state_json(state: ConnectorState) -> dict[str, Any]:
    """Give how a connector stands."""
    found = {
        name: getattr(state, name)
        for name in (
            "state", "asked", "attempt", "started_at", "ended_at", "next_at", "error", "counts", "compared_at",
            "differences",
        )
    }  # fmt: skip
    own = state.connector
    return {
        "connector": own.name, "object": own.object, "connection": own.connection, "direction": own.direction,
        "schedule": own.schedule.text, **found,
    }  # fmt: skip


def report_json(report: ConnectorReport) -> dict[str, Any]:
    """Give a connector with its report."""
    return state_json(report.state) | {
        "refused": [asdict(each) for each in report.refused],
        "report": [asdict(each) for each in report.rows],
        "shows_all": not report.hides,
    }


def connector_paths() -> dict[str, Any]:
    """Give the paths for OpenAPI."""
    text: Schema = {"type": "string"}
    name: Schema = {"name": "connector", "in": "path", "required": True, "schema": text}
    keys = ("connector", "object", "connection", "direction", "schedule", "state", "next_at", "differences")
    item: Schema = {"type": "object", "required": list(keys)}
    whole: Schema = {"type": "object", "required": [*keys, "refused", "report", "shows_all"]}
    listing: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}},
        "required": ["items"],
    }
    return {
        "/connectors": {"get": _call("list connectors", "Connectors.", listing)},
        "/connectors/{connector}": {"parameters": [name], "get": _call("read connector", "The connector.", whole)},
        "/connectors/{connector}/run": {
            "parameters": [name], "post": _call("run connector", "The connector.", item, "202"),
        },
        "/connectors/{connector}/compare": {
            "parameters": [name], "post": _call("compare connector", "The connector.", item, "202"),
        },
    }  # fmt: skip


def _asked(connector_name: str, *, only_compare: bool) -> Response:
    read_parameters(())
    read_no_body()
    found = platform().connectors.desk.ask(actor(), connector_name, only_compare=only_compare)
    return json_answer(state_json(found), 202)


def _call(name: str, told: str, schema: Schema, status: str = "200") -> dict[str, Any]:
    answer = {"description": told, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": name.replace(" ", "_"),
        "tags": ["automation"],
        "responses": {status: answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
