"""Exports: GET /exports/{object} gives a whole list as it is read; POST has it made beside requests, to be fetched.

Parameters are read here; rights and rows are the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, send_file

from engine.exports.job import ExportJob
from engine.exports.service import ExportRequest
from engine.records.types import ListQuery
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_no_body, read_object
from ui.api.imports import read_repeat_key
from ui.api.parameters import read_parameters, read_paths, read_sort_keys
from ui.api.records import PREFIX, object_key
from ui.context import actor, language, platform
from ui.errors import ApiProblem
from ui.exporting import CONTENT_TYPES, export_answer, read_format
from ui.presses import done_once

PARAMETERS = ("filter", "sort", "fields", "q", "view", "format", "heads")
HEADS = ("labels", "names")
_PATIENCE_S = 0.2


def register_exports(api: Blueprint) -> None:
    """Put these calls into the API."""
    one = "/exports/<object_name>/<export_id>"
    api.get("/exports/<object_name>")(export_records)
    api.post("/exports/<object_name>")(post_export)
    api.get(one)(get_export)
    api.get(f"{one}/file")(get_file)
    api.post(f"{one}/cancel")(cancel_export)


def export_records(object_name: str) -> Response:
    """GET /exports/{object}: the records that the caller may export, in the form and order asked for."""
    return export_answer(actor(), _asked(object_name, read_parameters(PARAMETERS)), language())


def post_export(object_name: str) -> Response:
    """POST /exports/{object}: the same as long work; the body has the parameters. An Idempotency-Key does it once."""
    read_parameters(())
    body = read_object()
    check_keys(body, PARAMETERS)
    for name, value in body.items():
        if not isinstance(value, str):
            raise ApiProblem(400, "bad_body", f"`{name}` is a text, as in the address of GET.")
    asked, who, desk = _asked(object_name, body), replace(actor(), language=language()), platform().export_desk
    key = read_repeat_key()
    named = ["export", asked.query.object, sorted(body.items())]
    export_id, repeated = done_once(named, lambda opened: desk.submit(opened.connection, who, asked), key=key)
    if not repeated:
        desk.go(who, export_id).join(_PATIENCE_S)
    job = desk.get(who, asked.query.object, export_id)
    headers = {"Location": _address(job)}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return json_answer(_to_json(job), 202, headers)


def get_export(object_name: str, export_id: str) -> Response:
    """GET /exports/{object}/{id}: how far it is."""
    read_parameters(())
    return json_answer(_to_json(platform().export_desk.get(actor(), object_key(object_name), export_id)))


def get_file(object_name: str, export_id: str) -> Response:
    """GET /exports/{object}/{id}/file: the file of an export that is done."""
    read_parameters(())
    desk = platform().export_desk
    return export_file(desk.get(actor(), object_key(object_name), export_id))


def cancel_export(object_name: str, export_id: str) -> Response:
    """POST /exports/{object}/{id}/cancel: it is made no further; of one that is over it changes nothing."""
    read_parameters(())
    read_no_body()
    desk, key = platform().export_desk, object_key(object_name)
    desk.cancel(actor(), key, export_id)
    return json_answer(_to_json(desk.get(actor(), key, export_id)))


def export_file(job: ExportJob) -> Response:
    """Answer with the file of an export that was found."""
    path = platform().export_desk.file(actor(), job)
    answer = send_file(
        path.resolve(),
        mimetype=CONTENT_TYPES[job.asked["format"]],
        as_attachment=True,
        # The name is that of an object: letters, digits and _ only.
        download_name=f"{job.object.rpartition('.')[2]}.{job.format}",
    )
    answer.headers["X-Total-Count"] = str(job.total)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _asked(object_name: str, given: Mapping[str, str]) -> ExportRequest:
    form, heads = read_format(given.get("format")), given.get("heads", "labels")
    if heads not in HEADS:
        raise ApiProblem(400, "bad_parameter", f"`heads` is {' or '.join(HEADS)}.")
    query = ListQuery(
        object=object_key(object_name),
        filter=given.get("filter") or None,
        view=given.get("view") or None,
        sort=read_sort_keys(given.get("sort", "")),
        fields=read_paths("fields", given.get("fields")),
        search=given.get("q") or None,
    )
    return ExportRequest(query=query, format=form, labelled=heads == "labels")


def _to_json(job: ExportJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "object": job.object,
        "state": job.state,
        "format": job.format,
        "total": job.total,
        "done": job.done,
        "bytes": job.counts.get("bytes"),
        "message": job.message or None,
        "file": f"{_address(job)}/file" if job.state == "done" else None,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


def _address(job: ExportJob) -> str:
    return f"{PREFIX}/exports/{job.object}/{job.id}"
