"""Following over the API: be told of changes of a record, and no longer."""

from __future__ import annotations

from flask import Response

from engine.errors import AccessDenied
from engine.records.following import change_followers
from ui.api.answers import json_answer
from ui.api.body import read_no_body
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release


def follow(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/follow: the caller is told of changes of the record."""
    return _change(object_name, record_id, add=True)


def unfollow(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/unfollow: the caller is told no longer."""
    return _change(object_name, record_id, add=False)


def _change(object_name: str, record_id: str, *, add: bool) -> Response:
    read_parameters(())
    read_no_body()
    key = object_key(object_name)
    check_record_id(key, record_id)
    user_id = actor().user_id
    with platform().records.transaction(actor(), release=release()) as transaction:
        object_def = transaction.object_def(key)
        if user_id is None:
            raise AccessDenied("follow", key, "only people follow records")
        change_followers(transaction, object_def, record_id, [user_id], add=add)
    return json_answer({"id": record_id, "follows": add})
