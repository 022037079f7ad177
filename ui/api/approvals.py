"""Approvals over the API: the path a record would take, submitting, deciding, what waits for the caller, the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from engine.approvals.deciding import ACTS, Act
from engine.approvals.reporting import ReportAsked
from engine.approvals.service import MOST_AT_ONCE
from engine.approvals.submitting import Submission
from metamodel.names import did_you_mean
from ui.api.answers import json_answer
from ui.api.approval_json import line_json, preview_json, view_json
from ui.api.body import check_keys, parse_object, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_SUBMIT = "submit"
_KEYS = ("do", "comment", "to", "user", "step_number")
_SUBMIT_KEYS = ("do", "comment", "approval", "chosen")


def get_approval(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/approval: its requests, the newest first, and the path a new one would take."""
    given = read_parameters(("approval",))
    key = object_key(object_name)
    check_record_id(key, record_id)
    approvals = platform().approvals
    with platform().records.reading(actor(), release=release()) as transaction:
        found = approvals.of_record(transaction, key, record_id)
        open_ = next((each for each in found if each.state.is_open), None)
        shown = [approvals.view(transaction, each.id) for each in found]
        path = None
        if open_ is None:
            path = approvals.preview(transaction, key, Submission(record_id=record_id, approval=given.get("approval")))
    body = {"items": [view_json(each) for each in shown], "preview": preview_json(path) if path is not None else None}
    return json_answer(body)


def post_approval(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/approval: submit the record, or do something with its open request."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    text = request.get_data(cache=False)
    body = parse_object(text) if text.strip() else {}
    approvals = platform().approvals
    with platform().records.reading(actor(), release=release()) as transaction:
        found = approvals.of_record(transaction, key, record_id)
        open_ = next((each for each in found if each.state.is_open), None)
    if _word(body) == _SUBMIT and (open_ is None or "approval" in body or "chosen" in body):
        return _shown(approvals.submit(actor(), key, _submission(body, record_id)).id)
    if open_ is None:
        raise ApiProblem(409, "approval_refused", "The record waits for no approval.")
    return _shown(approvals.act(actor(), open_.id, _act(body)).id)


def list_approvals() -> Response:
    """GET /approvals: what waits for the caller, or what the caller has submitted."""
    of = read_parameters(("of",)).get("of", "waiting")
    if of not in ("waiting", "submitted"):
        raise ApiProblem(400, "bad_parameter", "'of' is waiting or submitted.")
    approvals = platform().approvals
    with platform().records.reading(actor(), release=release()) as transaction:
        lines = approvals.waiting(transaction) if of == "waiting" else approvals.submitted(transaction)
    return json_answer({"items": [line_json(each) for each in lines]})


def decide_many() -> Response:
    """POST /approvals: do the same with many requests, each by itself."""
    read_parameters(())
    body = read_object()
    check_keys(body, ("do", "comment", "ids"))
    ids = body.get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_AT_ONCE or not all(isinstance(each, str) for each in ids):
        raise ApiProblem(400, "bad_ids", f"`ids` is a list of 1 to {MOST_AT_ONCE} requests.")
    act = _act({name: value for name, value in body.items() if name != "ids"})
    done = platform().approvals.act_on_many(actor(), ids, act)
    return json_answer({"items": [{"id": each.request_id, "refused": each.refused or None} for each in done]})


def get_request(request_id: str) -> Response:
    """GET /approvals/{id}: a request with its steps, people and events."""
    read_parameters(())
    return _shown(request_id)


def act_on_request(request_id: str) -> Response:
    """POST /approvals/{id}: do something with a request."""
    read_parameters(())
    return _shown(platform().approvals.act(actor(), request_id, _act(read_object())).id)


def get_report() -> Response:
    """GET /approvals/report: business hours and outcomes by step and approver."""
    given = read_parameters(("since", "until", "approval"))
    asked = ReportAsked(since=_instant(given, "since"), until=_instant(given, "until"), approval=given.get("approval"))
    with platform().records.reading(actor(), release=release()) as transaction:
        report = platform().approvals.report(transaction, asked)
    steps = [
        {
            "approval": each.approval,
            "step": each.step,
            "count": each.count,
            "hours": each.hours,
            "turned_down": each.turned_down,
        }
        for each in report.steps
    ]
    decisions = [
        {
            "approval": each.approval,
            "step": each.step,
            "approver": {"id": each.user_id, "title": each.name},
            "outcome": each.outcome,
            "count": each.count,
            "hours": each.hours,
        }
        for each in report.decisions
    ]
    return json_answer({"steps": steps, "decisions": decisions, "requests": report.requests, "is_cut": report.is_cut})


def _shown(request_id: str) -> Response:
    with platform().records.reading(actor(), release=release()) as transaction:
        return json_answer(view_json(platform().approvals.view(transaction, request_id)))


def _word(body: Mapping[str, Any]) -> str:
    word = body.get("do", _SUBMIT)
    if word not in ACTS:
        hint = did_you_mean(str(word), ACTS)
        told = f"`do` is one of {', '.join(ACTS)}" + (f"; {hint}" if hint else "")
        raise ApiProblem(400, "unknown_act", f"{told}.")
    return str(word)


def _act(body: Mapping[str, Any]) -> Act:
    check_keys(body, _KEYS)
    number = body.get("step_number")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise ApiProblem(400, "bad_step_number", "`step_number` is the number of the step as it was read.")
    return Act(
        do=_word(body),
        comment=_text(body, "comment") or "",
        to=_text(body, "to"),
        user=_text(body, "user"),
        visit=number,
    )


def _submission(body: Mapping[str, Any], record_id: str) -> Submission:
    check_keys(body, _SUBMIT_KEYS)
    chosen = body.get("chosen", {})
    if not isinstance(chosen, dict) or not all(
        isinstance(users, list) and all(isinstance(user, str) for user in users) for users in chosen.values()
    ):
        raise ApiProblem(400, "bad_chosen", "`chosen` gives lists of users by step.")
    return Submission(
        record_id=record_id, approval=_text(body, "approval"), comment=_text(body, "comment") or "", chosen=chosen
    )


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiProblem(400, "bad_text", f"`{name}` is a text.")
    return value


def _instant(given: Mapping[str, str], name: str) -> dt.datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ApiProblem(400, "bad_parameter", f"'{name}' is a date or a moment, as 2026-03-01.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
