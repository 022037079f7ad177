"""Many creates, updates, upserts and deletes of one object in one call."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response

from engine.errors import FieldError
from engine.records.bulk_work import MOST, BulkWork, Work, WorkRow, work_through
from engine.records.types import RowResult
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem
from ui.refused import note_rows

_KEYS = frozenset(("mode", "by", "rows"))
_MODES = ("per_row", "all_or_nothing")
_ROW_KEYS = {
    Work.CREATE: frozenset(("values",)),
    Work.UPDATE: frozenset(("id", "version", "values")),
    Work.UPSERT: frozenset(("values",)),
    Work.DELETE: frozenset(("id", "version")),
}


def bulk(object_name: str) -> Response:
    """POST /records/{object}/bulk: up to 10,000 rows, each judged as one call would; one result a row."""
    read_parameters(())
    key = object_key(object_name)
    asked = _request(key)
    results = work_through(platform().records, actor(), release(), asked)
    counts = {name: 0 for name in ("created", "updated", "unchanged", "deleted", "refused")}
    for each in results:
        counts[each.outcome] += 1
    if counts["refused"]:
        note_rows(key, results)
    rows = [_row(index, each) for index, each in enumerate(results)]
    return json_answer({"counts": counts, "rows": rows})


def _request(key: str) -> BulkWork:
    values = read_object()
    check_keys(values, _KEYS)
    mode, by, rows = values.get("mode", _MODES[0]), values.get("by"), values.get("rows")
    if mode not in _MODES:
        _refuse(f"`mode` is one of {', '.join(_MODES)}.")
    if not isinstance(by, str | None):
        _refuse("`by` is the name of a field.")
    if not isinstance(rows, list):
        _refuse("`rows` is a list.")
    if len(rows) > MOST:
        raise ApiProblem(400, "too_many_rows", f"A call takes up to {MOST:,} rows, not {len(rows):,}.")
    found = [_work_row(index, row) for index, row in enumerate(rows)]
    return BulkWork(object=key, rows=found, all_or_nothing=mode == _MODES[1], by=by)


def _work_row(index: int, row: Any) -> WorkRow:
    if not isinstance(row, dict) or row.get("do") not in list(Work):
        _refuse(f"rows[{index}]: `do` is one of {', '.join(Work)}.")
    work, given = Work(row["do"]), {name: value for name, value in row.items() if name != "do"}
    unknown = given.keys() - _ROW_KEYS[work]
    if unknown:
        _refuse(
            f"rows[{index}]: '{min(unknown)}' does not go with {work}; known: {', '.join(sorted(_ROW_KEYS[work]))}."
        )
    values, record_id, version = given.get("values", {}), given.get("id"), given.get("version")
    if not isinstance(values, dict):
        _refuse(f"rows[{index}]: `values` is an object.")
    if isinstance(version, bool) or not isinstance(version, int | None):
        _refuse(f"rows[{index}]: `version` is a number.")
    if "id" in _ROW_KEYS[work] and not isinstance(record_id, str):
        _refuse(f"rows[{index}]: `id` names the record.")
    return WorkRow(work=work, values=values, id=record_id, version=version)


def _refuse(detail: str) -> NoReturn:
    raise ApiProblem(400, "bad_request", detail)


def _row(index: int, result: RowResult) -> dict[str, Any]:
    found: dict[str, Any] = {"index": index, "outcome": result.outcome, "id": result.id}
    if result.errors:
        found["errors"] = [_told(each) for each in result.errors]
    if result.notices:
        found["@notices"] = [{**_told(each), "severity": each.severity.value} for each in result.notices]
    return found


def _told(error: FieldError) -> dict[str, Any]:
    return {"field": error.field, "code": error.code, "message": error.message}
