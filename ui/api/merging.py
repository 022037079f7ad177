"""Merging over the API: records go into one of them, and a merge is taken back."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.records.merging.merging import MergeRequest, merge_records
from engine.records.merging.undoing import undo_merge
from ui.api.answers import entity_tag, json_answer
from ui.api.body import check_keys, read_object, take_confirm
from ui.api.parameters import check_record_id, read_if_match, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_KEYS = frozenset(("from", "take", "versions"))


def merge(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/merge: others go into this record, in one transaction."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    asked = _request(record_id, read_if_match(required=False))
    with platform().records.transaction(actor(), release=release()) as transaction:
        done = merge_records(transaction, transaction.object_def(key), record_id, asked)
    body = {"merge": done.merge, "record": done.record.json, "merged": list(done.gone), "moved": done.moved}
    return json_answer(body, headers={"ETag": entity_tag(done.record.version)})


def unmerge(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/unmerge: a merge into this record is taken back."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    values = read_object()
    named = values.pop("merge", "")
    if values or not isinstance(named, str):
        raise ApiProblem(400, "bad_request", "The body is `merge`, the id of the merge, and nothing else.")
    with platform().records.transaction(actor(), release=release()) as transaction:
        done = undo_merge(transaction, transaction.object_def(key), named, into=record_id)
    kept = [{"object": each.object, "id": each.id, "title": each.title} for each in done.kept]
    return json_answer(
        {"restored": list(done.restored), "fields": list(done.fields), "kept": kept, "unseen": done.unseen}
    )


def _request(record_id: str, version: int | None) -> MergeRequest:
    values = read_object()
    confirm = take_confirm(values)
    check_keys(values, (*_KEYS, "confirm"))
    gone, take, versions = values.get("from", []), values.get("take", {}), values.get("versions", {})
    if not isinstance(gone, list) or not _all(gone, str):
        raise ApiProblem(400, "bad_request", "`from` is a list of ids.")
    if not isinstance(take, dict) or not _all(take.values(), str):
        raise ApiProblem(400, "bad_request", "`take` gives each field the id of a record, or `all`.")
    if not isinstance(versions, dict) or not _all(versions.values(), int):
        raise ApiProblem(400, "bad_request", "`versions` gives ids of records the versions that were read.")
    if version is not None:
        versions = {**versions, record_id: version}
    return MergeRequest(gone=gone, take=take, versions=versions, confirm=confirm)


def _all(values: Any, kind: type) -> bool:
    return all(isinstance(each, kind) and not isinstance(each, bool) for each in values)
