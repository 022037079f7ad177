"""The configuration by API: its files, what others would change, and publishing them as a release.

Needs the right `configure`, and `grant_system` for rules `as system` that are new or changed. Files come and go as
texts by `app folder/path`; nothing of them touches a disk. Checking, planning and publishing are the engine's, as for
`fieldstone plan` and `apply`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from engine.errors import AccessDenied
from engine.releases.rules_as_system import RIGHT as GRANT_RIGHT
from metamodel.folder import MAX_FILES, file_kind
from metamodel.names import name_fault
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
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
    files, _comment = _read()
    return json_answer(platform().plan_release(files, grants_system=_may_grant()).to_json())


def apply_metadata() -> Response:
    """POST /metadata/apply: check, migrate and publish the files; with a problem the release before stays."""
    read_parameters(())
    _require_right()
    files, comment = _read()
    author = actor().name or actor().login
    applied = platform().apply_release(files, author=author, comment=comment, grants_system=_may_grant())
    told = [f"{problem.at} {problem.sentence}" for problem in applied.data_problems]
    return json_answer({"release": applied.release.number, "new": applied.is_new, "data_problems": told})


def _may_grant() -> bool:
    return platform().records.access(actor(), release()).has_right(GRANT_RIGHT)


def _require_right() -> None:
    if not platform().records.access(actor(), release()).has_right(RIGHT):
        raise AccessDenied(RIGHT, "app", "your roles do not allow it")


def _read() -> tuple[Mapping[str, str], str]:
    given = read_object()
    check_keys(given, ("files", "comment"))
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
