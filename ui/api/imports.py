"""The routes of imports: a file comes in and is worked on beside requests; programs look, page through faults, cancel.

What imports are and who may do them is said by the desk (engine/imports/desk.py), which pages use too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from flask import Blueprint, Response, request

from engine.accounts.idempotency import MAX_KEY_LENGTH
from engine.imports.desk import sent_before
from engine.imports.errors import ImportRefused
from engine.imports.job import ImportJob, Wanted
from engine.imports.uploads import MOST_BYTES, read_upload
from engine.records.transaction import Transaction
from ui.api.answers import json_answer
from ui.api.body import check_keys, parse_object, read_no_body, read_object
from ui.api.parameters import read_limit, read_parameters, read_whole_number
from ui.api.records import PREFIX, object_key
from ui.context import actor, language, platform
from ui.errors import ApiProblem
from ui.presses import done_once

_FILE = "file"
KEYS = ("object", "import", "mapping", "match", "dry_run")
_LONGEST_NAME = 200
_PATIENCE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a program asks to be imported."""

    object: str
    name: str
    content: str
    wanted: Wanted
    dry_run: bool


def register_imports(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.post("/imports")(post_import)
    api.get("/imports/<import_id>")(get_import)
    api.get("/imports/<import_id>/rejected")(get_rejected)
    api.post("/imports/<import_id>/start")(start_import)
    api.post("/imports/<import_id>/cancel")(cancel_import)


def post_import() -> Response:
    """POST /imports: take a file in and import it, or with `dry_run` try it; the same Idempotency-Key does it once."""
    read_parameters(())
    try:
        return _submitted()
    except ImportRefused as fault:
        raise ApiProblem(422, "import_refused", str(fault)) from fault


def _submitted() -> Response:
    asked, who, desk = _asked(), replace(actor(), language=language()), platform().import_desk

    def submit(opened: Transaction) -> str:
        return desk.submit(
            opened.connection, who, asked.object, asked.name, asked.content, asked.wanted, dry_run=asked.dry_run
        )

    desk.object_for(who, asked.object)
    digest = hashlib.sha256(asked.content.encode()).hexdigest()
    named = ["import", asked.object, asked.name, digest, orjson.dumps(asked.wanted.to_json()).decode(), asked.dry_run]
    import_id, repeated = done_once(named, submit, key=read_repeat_key())
    if not repeated:
        desk.go(who, import_id).join(_PATIENCE_S)
    headers = {"Location": f"{PREFIX}/imports/{import_id}"}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return json_answer(_to_json(desk.find(actor(), import_id)), 202, headers)


def get_import(import_id: str) -> Response:
    """GET /imports/{id}: state, counts, progress, and what is wrong with rows, a piece at a time."""
    given = read_parameters(("limit", "after"))
    desk = platform().import_desk
    job = desk.find(actor(), import_id)
    limit, after = read_limit(given.get("limit")), read_whole_number("after", given.get("after")) or 0
    faults = desk.faults(job, most=limit, after=after)
    errors = [{"line": e.line, "column": e.column, "value": e.value, "reason": e.reason} for e in faults]
    following = faults[-1].id if len(faults) == limit else None
    return json_answer({**_to_json(job), "errors": errors, "errors_after": following})


def get_rejected(import_id: str) -> Response:
    """GET /imports/{id}/rejected: the refused rows with their reasons as CSV; corrected, it is imported as it is."""
    read_parameters(())
    desk = platform().import_desk
    job = desk.find(actor(), import_id)
    answer = Response("\ufeff" + desk.rejected(job), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{job.object.replace(".", "_")}_rejected.csv"'
    return answer


def start_import(import_id: str) -> Response:
    """POST /imports/{id}/start: import what was tried; again it changes nothing."""
    read_parameters(())
    read_no_body()
    desk, who = platform().import_desk, replace(actor(), language=language())
    job = desk.find(who, import_id)
    if job.state not in ("checked", "running", "done"):
        raise ApiProblem(409, "not_startable", f"The import is {job.state}; one that was tried can be started.")
    thread = desk.start(who, job.object, import_id)
    if thread is not None:
        thread.join(_PATIENCE_S)
    return json_answer(_to_json(desk.find(who, import_id)), 202)


def cancel_import(import_id: str) -> Response:
    """POST /imports/{id}/cancel: nothing more is saved, what was saved stays; one that is over stays as it is."""
    read_parameters(())
    read_no_body()
    desk = platform().import_desk
    desk.cancel(actor(), desk.find(actor(), import_id).object, import_id)
    return json_answer(_to_json(desk.find(actor(), import_id)))


def read_repeat_key() -> str | None:
    """Give the Idempotency-Key of the request, if it has one."""
    found = request.headers.get("Idempotency-Key")
    if found is not None and (not 0 < len(found) <= MAX_KEY_LENGTH or not found.isprintable()):
        raise ApiProblem(400, "bad_idempotency_key", f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    return found


def _asked() -> _Asked:
    if request.mimetype == "multipart/form-data":
        values: dict[str, Any] = dict(request.form)
        given = request.files.get(_FILE)
        if given is None or not given.filename:
            raise ApiProblem(400, "file_expected", "Send the file as the part `file`, under its name.")
        for key in ("mapping", "dry_run"):
            if key in values:
                values[key] = _json_part(key, values[key])
        values = _checked(values, without="import")
        name = given.filename.replace("\\", "/").rpartition("/")[2][:_LONGEST_NAME]
        return _named(values, name, read_upload(name, given.stream.read(MOST_BYTES + 1)))
    values = _checked(read_object(), without="")
    source = values.get("import")
    if not isinstance(source, str):
        told = "Send a file as multipart/form-data, or name in `import` one of yours that has the file."
        raise ApiProblem(400, "file_expected", told)
    desk = platform().import_desk
    job = desk.find(actor(), source)
    return _named({"object": job.object, **values}, job.file, sent_before(job, desk.content(job)))


def _checked(values: dict[str, Any], *, without: str) -> dict[str, Any]:
    check_keys(values, [key for key in KEYS if key != without])
    for key, kind, what in (
        ("object", str, "the name of an object"),
        ("match", str, "the name of a field"),
        ("dry_run", bool, "true or false"),
        ("mapping", dict, "an object of columns and what they fill"),
    ):
        if key in values and not isinstance(values[key], kind):
            raise ApiProblem(400, "bad_body", f"`{key}` is {what}.")
    return values


def _json_part(key: str, text: str) -> Any:
    return parse_object(f'{{"{key}": {text}}}'.encode()).get(key)


def _named(values: dict[str, Any], name: str, content: str) -> _Asked:
    if "object" not in values:
        raise ApiProblem(400, "bad_body", "`object` names what the rows are.")
    return _Asked(
        object=object_key(values["object"]),
        name=name,
        content=content,
        wanted=_wanted(cast("dict[str, Any] | None", values.get("mapping")), values.get("match", "")),
        dry_run=values.get("dry_run", False),
    )


def _wanted(mapping: dict[str, Any] | None, match: str) -> Wanted:
    if mapping is None:
        return Wanted(match=match, by_head=True)
    # A mapping as the file of the command line has it, or its `columns` alone.
    whole = mapping if isinstance(mapping.get("columns"), dict) else {"columns": mapping}
    if match:
        whole = {**whole, "match": match}
    # JSON is YAML, which mapping files are read as.
    return Wanted(text=orjson.dumps(whole, default=str).decode())


def _to_json(job: ImportJob) -> dict[str, Any]:
    counts = job.counts
    return {
        "id": job.id,
        "object": job.object,
        "file": job.file,
        "state": job.state,
        "dry_run": job.dry_run,
        "total": job.total,
        "done": counts.get("done", counts.get("tried", 0)),
        **{name: counts.get(name, 0) for name in ("created", "updated", "unchanged", "refused")},
        "rules": dict(job.rules),
        "message": job.message or None,
        "rejected": f"{PREFIX}/imports/{job.id}/rejected" if job.has_rejected else None,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }
