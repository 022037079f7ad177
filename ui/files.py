"""Answers with the bytes of files: always as a download that no browser runs, but for previews, which the product drew.

Who may have a file is the engine's to say (engine/files/store.py).
"""

from __future__ import annotations

from flask import Response, request, send_file
from werkzeug.datastructures import FileStorage

from engine.files.store import FileContent
from metamodel.content_types import OCTETS
from ui.errors import ApiProblem

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
_RUN_BY_BROWSERS = ("text/html", "image/svg+xml", "application/xml", "text/xml")
FILE_PART = "file"


def send_content(content: FileContent) -> Response:
    """Answer with a file, or with a part of it that is asked for by Range."""
    kind = OCTETS if content.type in _RUN_BY_BROWSERS else content.type
    response = send_file(
        content.path,
        mimetype=kind,
        as_attachment=not content.is_preview,
        download_name=content.name,
        etag=content.tag,
        # The same bytes forever, whenever they came in.
        last_modified=0,
        conditional=True,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def uploaded_part() -> FileStorage:
    """Give the file of a multipart request.

    Raises: ApiProblem 400 where it has none.
    """
    found = request.files.get(FILE_PART)
    if found is None:
        raise ApiProblem(400, "no_file_part", f"Send one file, as the part '{FILE_PART}' of multipart/form-data.")
    return found
