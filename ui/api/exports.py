"""GET /exports/{object}: a whole list as a file. Parameters are read here; rights and rows are the engine's."""

from __future__ import annotations

from flask import Response

from engine.exports.service import FORMATS, ExportRequest
from engine.records.types import ListQuery
from ui.api.parameters import read_parameters, read_paths, read_sort_keys
from ui.api.records import object_key
from ui.context import actor, language
from ui.errors import ApiProblem
from ui.exporting import export_answer

PARAMETERS = ("filter", "sort", "fields", "q", "view", "format", "heads")
HEADS = ("labels", "names")


def export_records(object_name: str) -> Response:
    """GET /exports/{object}: the records that the caller may export, in the form and order asked for."""
    given = read_parameters(PARAMETERS)
    form, heads = given.get("format", "csv"), given.get("heads", "labels")
    if form not in FORMATS:
        raise ApiProblem(400, "bad_parameter", f"`format` is {' or '.join(FORMATS)}.")
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
    asked = ExportRequest(query=query, format=form, labelled=heads == "labels")
    return export_answer(actor(), asked, language())
