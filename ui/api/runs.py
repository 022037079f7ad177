"""GET /runs and POST /runs/{id}/retry: what automation did, as the caller may see it."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.automation.run_state import RunState
from engine.automation.run_views import RunFilter, RunPage, RunSummary
from metamodel.names import did_you_mean
from ui.api.answers import json_answer
from ui.api.body import read_no_body
from ui.api.parameters import check_record_id, next_address, read_limit, read_parameters
from ui.context import actor, platform, release
from ui.errors import ApiProblem

RUN_PARAMETERS = ("rule", "object", "record", "state", "limit", "cursor")


def list_runs() -> Response:
    """GET /runs: runs by rule, record and state, the newest first."""
    given = read_parameters(RUN_PARAMETERS)
    object_name = given.get("object")
    found = release().metamodel.find_object(object_name) if object_name else None
    which = RunFilter(
        rule=given.get("rule"),
        object=found.key if found is not None else object_name,
        record_id=check_record_id("run", given["record"]) if "record" in given else None,
        state=_state(given.get("state")),
    )
    limit = read_limit(given.get("limit"))
    return answer_runs(platform().automation.runs.list(actor(), which, limit=limit, cursor=given.get("cursor")))


def retry_run(run_id: str) -> Response:
    """POST /runs/{id}/retry: a failed run goes on at the step that failed."""
    read_parameters(())
    read_no_body()
    check_record_id("run", run_id)
    return json_answer(run_to_json(platform().automation.runs.retry(actor(), run_id)))


def answer_runs(page: RunPage) -> Response:
    """Answer with a page of runs."""
    following = next_address(page.next_cursor)
    headers = {"Link": f'<{following}>; rel="next"'} if following else None
    return json_answer({"items": [run_to_json(run) for run in page.rows], "next": following}, headers=headers)


def run_to_json(run: RunSummary) -> dict[str, Any]:
    """Give a run as JSON data."""
    return {
        "id": run.id,
        "rule": run.rule,
        "label": run.label,
        "state": run.state.value,
        "event": run.event,
        "record": {"object": run.object, "id": run.record_id, "title": run.record_title} if run.record_id else None,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "due_at": run.due_at,
        "release": run.release,
        "reason": run.reason,
        "outcome": run.outcome,
    }


def _state(text: str | None) -> RunState | None:
    if text is None:
        return None
    known = [state.value for state in RunState]
    if text not in known:
        hint = did_you_mean(text, known) or f"known are {', '.join(known)}"
        raise ApiProblem(400, "bad_parameter", f"There is no state '{text[:40]}'; {hint}")
    return RunState(text)
