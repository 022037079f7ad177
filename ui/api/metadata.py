"""The configuration by API: its files, what others would change, and publishing them as a release.

Needs the right `configure`, `grant_system` for rules `as system` that are new or changed, and `manage_users` for what
adds to the rights of a role that there is. Files come and go as
texts by `app folder/path`; nothing of them touches a disk. Checking, planning and publishing are the engine's, as for
`fieldstone plan` and `apply`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Response

from engine.access.raising import RIGHT as GIVES_RIGHTS
from engine.errors import AccessDenied
from engine.releases.rules_as_system import RIGHT as GRANT_RIGHT
from metamodel.folder import MAX_FILES, file_kind
from metamodel.names import name_fault
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release
from ui.errors import ApiProblem

RIGHT = "configure"
CORE = "core/"
_LONGEST_COMMENT = 500


def get_metadata() -> Response:
    """GET /metadata: the number of the release and the files of its apps, core left out."""
    read_parameters(())
    _require_right()
    pinned = release()
    files = {path: text for path, text in pinned.sources.items() if not path.startswith(CORE)}
    return json_answer({"release": pinned.number, "files": files})


def plan_metadata() -> Response:
    """POST /metadata/plan: what the files would change, with all problems; writes nothing."""
    read_parameters(())
    _require_right()
    given = _given("files", "comment")
    files, _comment = _files(given)
    return json_answer(platform().plan_release(files, grants_system=_has(GRANT_RIGHT), hands_on=_handed_on()).to_json())


def apply_metadata() -> Response:
    """POST /metadata/apply: check, migrate and publish the files; with a problem the release before stays."""
    read_parameters(())
    _require_right()
    given = _given("files", "comment", "base")
    files, comment = _files(given)
    base = given.get("base")
    if base is not None and (type(base) is not int or not 0 <= base < 2**53):
        raise ApiProblem(400, "bad_value", "`base` is the number of the release that the plan says.")
    author = actor().name or actor().login
    applied = platform().apply_release(
        files,
        author=author,
        comment=comment,
        by=actor(),
        base=base,
        grants_system=_has(GRANT_RIGHT),
        hands_on=_handed_on(),
    )
    told = [f"{problem.at} {problem.sentence}" for problem in applied.data_problems]
    return json_answer({"release": applied.release.number, "new": applied.is_new, "data_problems": told})


def metadata_paths() -> dict[str, Any]:
    """Give the paths of the configuration for OpenAPI."""
    texts: Schema = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
    given: Schema = {"files": texts, "comment": {"type": "string", "maxLength": _LONGEST_COMMENT}}
    base: Schema = {"type": "integer", "minimum": 0, "description": "Of the plan; 409 where another is current."}
    return {
        "/metadata": {"get": _call("read metadata", "Release and files.")},
        "/metadata/plan": {"post": _call("plan metadata", "What would change.", given)},
        "/metadata/apply": {"post": _call("apply metadata", "The release.", {**given, "base": base})},
    }


def _call(name: str, told: str, given: Schema | None = None) -> Schema:
    call: Schema = {
        "operationId": name.replace(" ", "_"),
        "tags": ["metadata"],
        "responses": {
            "200": {"description": told, "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if given is not None:
        body = {"type": "object", "properties": given, "required": ["files"], "additionalProperties": False}
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return call


def _handed_on() -> Collection[str] | None:
    """Give the roles that what the caller publishes may act with; None for who gives rights to people."""
    return None if _has(GIVES_RIGHTS) else platform().records.access(actor(), release()).roles


def _has(right: str) -> bool:
    return platform().records.access(actor(), release()).has_right(right)


def _require_right() -> None:
    if not _has(RIGHT):
        raise AccessDenied(RIGHT, "app", "your roles do not allow it")


def _given(*known: str) -> Mapping[str, Any]:
    given = read_object()
    check_keys(given, known)
    return given


def _files(given: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
    files, comment = given.get("files"), given.get("comment", "")
    if not isinstance(comment, str) or len(comment) > _LONGEST_COMMENT:
        raise ApiProblem(400, "bad_value", f"`comment` is a text of at most {_LONGEST_COMMENT} characters.")
    if not isinstance(files, dict) or not files or not all(isinstance(text, str) for text in files.values()):
        raise ApiProblem(400, "bad_value", "`files` is an object of paths (`my_crm/app.yaml`) with their texts.")
    if len(files) > MAX_FILES:
        raise ApiProblem(400, "bad_value", f"`files` has {len(files)} files; at most {MAX_FILES} are read.")
    for path in files:
        folder, _slash, inside = path.partition("/")
        if name_fault(folder, reserved=False) is not None or path.startswith(CORE) or file_kind(inside) is None:
            raise ApiProblem(400, "bad_value", f"'{path[:80]}' is no path of an app's file, as `my_crm/app.yaml` is.")
    return {path: text.removeprefix("\ufeff").replace("\r\n", "\n") for path, text in files.items()}, comment
