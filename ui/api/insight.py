"""What is told of rules: traces of runs, why a rule ran for a record or not, where values come from, try, backtest."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from engine.automation.insight.since import since_moment
from engine.automation.run_views import RunTrace
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.insight_data import (
    backtest_to_json,
    blame_to_json,
    rule_on_record,
    rule_to_json,
    trace_to_json,
    tried_to_json,
)
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

DEFAULT_SINCE = "30d"


def register_insight(api: Blueprint, one: str) -> None:
    """Put the calls into the API; one: the address of a record."""
    api.get("/runs/<run_id>")(get_run)
    api.get("/rules")(list_rules)
    api.get("/rules/<rule_name>")(get_rule)
    api.post("/rules/<rule_name>/try")(try_rule)
    api.get("/rules/<rule_name>/backtest")(backtest_rule)
    api.get(f"{one}/rules")(get_record_rules)
    api.get(f"{one}/blame")(get_blame)


def get_run(run_id: str) -> Response:
    """GET /runs/{id}: the whole trace of a run, masked where the caller may not read."""
    read_parameters(())
    check_record_id("run", run_id)
    trace = platform().automation.runs.get(actor(), run_id)
    return json_answer(trace_to_json(trace, _titles(trace), is_open=_is_open(trace)))


def list_rules() -> Response:
    """GET /rules: the rules with what their runs of the last 30 days came to."""
    read_parameters(())
    items = [rule_to_json(each) for each in platform().automation.insight.rules(actor())]
    return json_answer({"items": items, "next": None})


def get_rule(rule_name: str) -> Response:
    """GET /rules/{rule}: one rule with its text."""
    read_parameters(())
    found = platform().automation.insight.rule(actor(), rule_name)
    more = {"text": found.text, "at": found.at, "runs_as": found.runs_as, "next_runs": found.next_runs}
    return json_answer(rule_to_json(found.summary) | more)


def try_rule(rule_name: str) -> Response:
    """POST /rules/{rule}/try: what the rule would do with a record; all of it is taken back."""
    read_parameters(())
    given = read_object()
    check_keys(given, ("record",))
    record = given.get("record")
    if record is not None and not isinstance(record, str):
        raise ApiProblem(400, "bad_request", "`record` is the id of a record.")
    tried = platform().automation.insight.try_rule(actor(), rule_name, record)
    return json_answer(tried_to_json(tried, is_open=_is_open(tried.trace)))


def backtest_rule(rule_name: str) -> Response:
    """GET /rules/{rule}/backtest: what the rule would have done over the changes since a moment."""
    given = read_parameters(("since",))
    zone = ZoneInfo(release().metamodel.main.timezone)
    try:
        since = since_moment(given.get("since", DEFAULT_SINCE), platform().clock.now(), zone)
    except ValueError as error:
        raise ApiProblem(400, "bad_parameter", f"{error}.") from error
    return json_answer(backtest_to_json(platform().automation.insight.backtest(actor(), rule_name, since)))


def get_record_rules(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/rules: which rules touched a record, which looked and did not match, and why."""
    given = read_parameters(("rule",))
    key = object_key(object_name)
    check_record_id(key, record_id)
    found = platform().automation.insight.of_record(actor(), key, record_id, rule=given.get("rule"))
    return json_answer({"items": [rule_on_record(each) for each in found.rules], "saves": found.saves})


def get_blame(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/blame: who or what set each value, and what caused that."""
    given = read_parameters(("field",))
    key = object_key(object_name)
    check_record_id(key, record_id)
    name = given.get("field")
    found = platform().automation.insight.blame(actor(), key, record_id, fields=None if name is None else [name])
    if name is not None and not found:
        raise ApiProblem(400, "bad_parameter", f"There is no field '{name[:40]}' that you may read.")
    return json_answer({"items": [blame_to_json(each) for each in found]})


def _is_open(trace: RunTrace) -> bool:
    """Say whether the caller may know what steps computed, which may tell of any field of the record."""
    found = release().metamodel.objects.get(trace.summary.object or "")
    if found is None:
        return True
    whole = platform().records.access(actor(), release()).of(found.key).whole
    return trace.summary.record_id is not None and set(found.fields) <= whole


def _titles(trace: RunTrace) -> Mapping[tuple[str, str], str]:
    places = {
        (str(effect["object"]), str(effect["record_id"]))
        for step in trace.steps
        for effect in step.effects
        if effect.get("object") and effect.get("record_id")
    }
    places |= {(trace.summary.object, each) for each in trace.records if trace.summary.object is not None}
    with platform().records.reading(actor(), release=release()) as transaction:
        return transaction.reader.titles(places)
