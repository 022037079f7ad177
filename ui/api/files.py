"""The routes of files: one comes in for a field that the caller may fill, and goes out to who may read where it stands.

Bodies are streamed into the folder of files; a record names the file by its id in a call of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO, cast

from flask import Response, request
from werkzeug.http import parse_options_header

from metamodel.field_types.files import file_json
from ui.api.answers import json_answer
from ui.api.parameters import read_parameters
from ui.api.records import PREFIX, object_key
from ui.api.value_schemas import Schema
from ui.context import actor, language, platform
from ui.errors import ApiProblem
from ui.files import FILE_PART, send_content, uploaded_part

_NAME = "name"


def upload_file(object_name: str, field_name: str) -> Response:
    """POST /files/{object}/{field}: the bytes as the body, or as a part `file` of multipart/form-data."""
    given = read_parameters((_NAME,))
    key = object_key(object_name)
    if request.mimetype == "application/x-www-form-urlencoded":
        raise ApiProblem(415, "content_type", "Send the bytes as application/octet-stream, or as multipart/form-data.")
    if request.mimetype == "multipart/form-data":
        part = uploaded_part()
        stream, name = part.stream, given.get(_NAME) or part.filename or ""
    else:
        stream, name = request.stream, given.get(_NAME) or _told_name()
    # A page sends files by this call too; what is wrong with one is told in the page's language.
    sender = replace(actor(), language=language())
    found = platform().files.upload(sender, key, field_name, cast("BinaryIO", stream), name)
    return json_answer(file_json(found), 201, {"Location": f"{PREFIX}/files/{found.id}"})


def download_file(file_id: str) -> Response:
    """GET /files/{id}: the bytes, as a download."""
    read_parameters(())
    return send_content(platform().files.open(actor(), file_id))


def download_preview(file_id: str, size: str) -> Response:
    """GET /files/{id}/preview/{size}: a small or large preview of an image."""
    read_parameters(())
    return send_content(platform().files.open(actor(), file_id, preview=size))


def file_paths() -> dict[str, Any]:
    """Describe these calls in OpenAPI."""
    file: Schema = {"$ref": "#/components/schemas/File"}
    binary: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    problem = {"default": {"$ref": "#/components/responses/Problem"}}

    def path_part(name: str, schema: Schema | None = None) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": schema or {"type": "string"}}

    name = {"name": _NAME, "in": "query", "schema": {"type": "string"}, "description": "What the file is called."}
    form = {"type": "object", "properties": {FILE_PART: binary}, "required": [FILE_PART]}
    content = {"application/json": {"schema": file}}
    uploaded = {"description": "The file; a record names it by its id.", "content": content}
    bytes_ = {"200": {"description": "The bytes; Range is honoured.", "content": {"*/*": {"schema": binary}}}}
    sizes: Schema = {"type": "string", "enum": ["small", "large"]}
    return {
        "/files/{object}/{field}": {
            "post": {
                "summary": "Send a file for a field",
                "tags": ["files"],
                "operationId": "upload_file",
                "parameters": [path_part("object"), path_part("field"), name],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/octet-stream": {"schema": binary},
                        "multipart/form-data": {"schema": form},
                    },
                },
                "responses": {"201": uploaded, **problem},
            }
        },
        "/files/{id}": {
            "get": {
                "summary": "Read a file",
                "tags": ["files"],
                "operationId": "read_file",
                "parameters": [path_part("id")],
                "responses": {**bytes_, **problem},
            }
        },
        "/files/{id}/preview/{size}": {
            "get": {
                "summary": "Read a preview of an image",
                "tags": ["files"],
                "operationId": "read_preview",
                "parameters": [path_part("id"), path_part("size", sizes)],
                "responses": {**bytes_, **problem},
            }
        },
    }


def _told_name() -> str:
    """Give the name that a Content-Disposition header tells."""
    _, options = parse_options_header(request.headers.get("Content-Disposition", ""))
    return options.get("filename", "")
