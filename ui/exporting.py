"""An export as an answer: bytes sent as they are made, as a download under a safe name."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from flask import Response

from engine.access.actor import Actor
from engine.errors import FieldError
from engine.exports.service import FORMATS, ExportRequest, Format
from ui.context import platform, release
from ui.errors import ApiProblem

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
}


def read_format(name: str | None) -> Format:
    """Give the form of a file that is asked for, CSV where none is.

    Raises: ApiProblem, with the forms there are.
    """
    found = next((each for each in FORMATS if each == (name or FORMATS[0])), None)
    if found is None:
        told = f"`format` is one of {', '.join(FORMATS)}."
        errors = [FieldError(field="format", code="bad_parameter", message=told)]
        raise ApiProblem(400, "bad_parameter", told, errors=errors)
    return found


def export_answer(asking: Actor, asked: ExportRequest, language: str) -> Response:
    """Begin an export in a language and answer with it.

    Raises: UnknownObject, QueryProblem, AccessDenied, TooManyAtOnce, TooLargeForWorkbook.
    """
    export = platform().exports.start(replace(asking, language=language), asked, release=release())
    chunks = iter(export)
    try:
        # What can't be written is refused before anything is answered.
        first = next((chunk for chunk in chunks if chunk), b"")
    except BaseException:
        export.close()
        raise
    answer = Response(chain((first,), chunks), content_type=CONTENT_TYPES[asked.format])
    answer.call_on_close(export.close)
    # The name is that of an object: letters, digits and _ only.
    answer.headers["Content-Disposition"] = f'attachment; filename="{export.name}"'
    answer.headers["X-Total-Count"] = str(export.total)
    answer.headers["Cache-Control"] = "no-store"
    return answer
