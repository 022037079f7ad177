"""What is done with failed runs, rules that are switched off and targets that are paused: POST, one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response

from engine.access.actor import Actor
from engine.automation.run_views import RunFilter
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_no_body, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.runs import run_to_json
from ui.api.value_schemas import Schema
from ui.context import actor, platform
from ui.errors import ApiProblem

MOST_NAMED = 1_000
Act = Callable[[Actor, RunFilter | Sequence[str]], int]


def register_run_acts(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/runs/stopped")(list_stopped)
    api.post("/runs/stopped/rule")(switch_rule_on)
    api.post("/runs/stopped/target")(end_pause)
    api.post("/runs/retry")(retry_runs)
    api.post("/runs/dismiss")(dismiss_runs)
    api.post("/runs/<run_id>/dismiss")(dismiss_run)


def dismiss_run(run_id: str) -> Response:
    """POST /runs/{id}/dismiss: a failed run is put aside."""
    read_parameters(())
    read_no_body()
    check_record_id("run", run_id)
    return json_answer(run_to_json(platform().automation.runs.dismiss(actor(), run_id)))


def retry_runs() -> Response:
    """POST /runs/retry: the failed runs named by `ids`, or all failed ones (of a `rule`), go on."""
    return _many(platform().automation.runs.retry_many)


def dismiss_runs() -> Response:
    """POST /runs/dismiss: likewise, they are put aside."""
    return _many(platform().automation.runs.dismiss_many)


def list_stopped() -> Response:
    """GET /runs/stopped: rules that failures switched off, and targets that fail."""
    read_parameters(())
    desk = platform().automation.desk
    rules = [
        {
            "rule": each.rule,
            "label": each.label,
            "failures": each.failures,
            "off_at": each.off_at,
            "reason": each.reason,
        }
        for each in desk.rules_off(actor())
    ]
    targets = [
        {
            "target": each.name,
            "failures": each.failures,
            "paused_until": each.paused_until,
            "reason": each.error,
            "waiting": each.waiting,
        }
        for each in desk.targets(actor())
    ]
    return json_answer({"rules": rules, "targets": targets})


def switch_rule_on() -> Response:
    """POST /runs/stopped/rule: the `rule` runs again."""
    rule = _named("rule")
    platform().automation.desk.switch_on(actor(), rule)
    return json_answer({"rule": rule})


def end_pause() -> Response:
    """POST /runs/stopped/target: the `target` is called again at once."""
    target = _named("target")
    platform().automation.desk.end_pause(actor(), target)
    return json_answer({"target": target})


def run_act_paths() -> dict[str, Any]:
    """Give the paths of these calls for OpenAPI."""
    run: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    ids: Schema = {"type": "array", "items": {"type": "string", "format": "uuid"}, "maxItems": MOST_NAMED}
    which: Schema = {
        "type": "object",
        "properties": {"ids": ids, "all": {"const": True}, "rule": {"type": "string"}},
        "additionalProperties": False,
    }
    done: Schema = {"type": "object", "properties": {"done": {"type": "integer"}}, "required": ["done"]}
    return {
        "/runs/{id}/dismiss": {"parameters": [run], "post": _call("dismiss run", "The run.")},
        "/runs/retry": {"post": _call("retry runs", "How many go on.", done, which)},
        "/runs/dismiss": {"post": _call("dismiss runs", "How many were put aside.", done, which)},
        "/runs/stopped": {"get": _call("list what stands still", "Rules and targets.")},
        "/runs/stopped/rule": {"post": _call("switch rule on", "The rule.", body=_one("rule"))},
        "/runs/stopped/target": {"post": _call("end pause of target", "The target.", body=_one("target"))},
    }


def _many(act: Act) -> Response:
    read_parameters(())
    body = read_object()
    check_keys(body, ("ids", "all", "rule"))
    ids, rule = body.get("ids"), body.get("rule")
    if rule is not None and not isinstance(rule, str):
        raise ApiProblem(400, "bad_body", "`rule` is the name of a rule, a text.")
    if body.get("all") is True and ids is None:
        return json_answer({"done": act(actor(), RunFilter(rule=rule))})
    if not isinstance(ids, list) or "all" in body or rule is not None or not all(isinstance(each, str) for each in ids):
        raise ApiProblem(400, "bad_body", "Say `ids`, a list of runs, or `all: true`, with `rule` for those of one.")
    if len(ids) > MOST_NAMED:
        raise ApiProblem(400, "bad_body", f"`ids` names at most {MOST_NAMED} runs; this names {len(ids)}.")
    return json_answer({"done": act(actor(), [check_record_id("run", each) for each in ids])})


def _named(key: str) -> str:
    read_parameters(())
    body = read_object()
    check_keys(body, (key,))
    name = body.get(key)
    if not isinstance(name, str) or not name:
        raise ApiProblem(400, "bad_body", f"`{key}` names one, as a text.")
    return name


def _one(key: str) -> Schema:
    properties = {key: {"type": "string"}}
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


def _call(name: str, description: str, schema: Schema | None = None, body: Schema | None = None) -> dict[str, Any]:
    answer = {"description": description, "content": {"application/json": {"schema": schema or {"type": "object"}}}}
    call: dict[str, Any] = {
        "operationId": name.replace(" ", "_"),
        "tags": ["automation"],
        "responses": {"200": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
    if body is not None:
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return call
