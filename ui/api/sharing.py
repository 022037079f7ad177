"""Sharing over the API: who has a record by a share, sharing it, and ending that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Response

from engine.errors import FieldError, ValidationFailed
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.sharing.sharing import RecordShare
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_LEVELS = ("read", "edit")
_KINDS = tuple(each.value for each in ShareeKind)
_UNTIL = "'until' is a date (2026-12-31) or a moment with its offset (2026-12-31T18:00:00Z)."


def list_shares(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/share: who has the record by a share, for who may share it."""
    read_parameters(())
    key = _checked(object_name, record_id)
    return _answer(key, record_id)


def share(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/share: share it with a user, a team or a role."""
    read_parameters(())
    key = _checked(object_name, record_id)
    values = read_object()
    check_keys(values, ("with", "level", "until"))
    level, until = values.get("level", "read"), read_until(values.get("until"))
    if level not in _LEVELS:
        raise ApiProblem(400, "bad_request", "`level` is read or edit.")
    sharee = _sharee(values.get("with"))
    platform().sharing.share(actor(), key, record_id, sharee, edits=level == "edit", until=until, release=release())
    return _answer(key, record_id)


def unshare(object_name: str, record_id: str) -> Response:
    """DELETE /records/{object}/{id}/share?user=…: end the share with a user, team or role."""
    given = read_parameters(_KINDS)
    key = _checked(object_name, record_id)
    platform().sharing.unshare(actor(), key, record_id, _sharee(given), release=release())
    return _answer(key, record_id)


def _checked(object_name: str, record_id: str) -> str:
    key = object_key(object_name)
    check_record_id(key, record_id)
    # 404 before anything is said of what was asked.
    platform().records.get(actor(), key, record_id, fields=("id",))
    return key


def _sharee(given: object) -> Sharee:
    if not isinstance(given, Mapping) or len(given) != 1 or not set(given) <= set(_KINDS):
        raise ApiProblem(400, "bad_request", "Name one whom it is shared with: `user`, `team` or `role`.")
    kind, found = next(iter(given.items()))
    if not isinstance(found, str):
        raise ApiProblem(400, "bad_request", "Users and teams are named by their id, roles by their name.")
    return Sharee(ShareeKind(kind), found)


def read_until(text: object) -> dt.date | None:
    """Give the day or moment that a body names as an end. Raises: ValidationFailed."""
    if text is None:
        return None
    try:
        if not isinstance(text, str):
            raise ValueError
        if len(text) == len("2026-12-31"):
            return dt.date.fromisoformat(text)
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValidationFailed([FieldError(code="invalid", message=_UNTIL, field="until")]) from None


def _answer(key: str, record_id: str) -> Response:
    found = platform().sharing.list(actor(), key, record_id, release=release())
    return json_answer({"items": [_share_json(each) for each in found], "next": None})


def _share_json(each: RecordShare) -> dict[str, Any]:
    return {
        "with": {each.sharee.kind.value: each.sharee.id},
        "title": each.title or None,
        "level": "edit" if each.edits else "read",
        "until": each.until,
        "at": each.at,
        "by": {"id": each.by, "title": each.by_title or None},
    }
