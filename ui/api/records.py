"""The routes of records: list, create, read, change, bin and restore, each one call of the door.

Nothing is decided here but what HTTP asks: parameters, entity tags, confirmations, repeated requests.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from engine.accounts.idempotency import MAX_KEY_LENGTH, KeptAnswer
from engine.errors import RecordNotFound, UnknownObject
from engine.records.merging.keeping import readable_survivor
from engine.records.types import Saved
from ui.api.answers import bytes_answer, entity_tag, saved_body, to_json
from ui.api.body import read_no_body, read_object, take_confirm
from ui.api.parameters import (
    check_record_id,
    next_address,
    read_if_match,
    read_list_request,
    read_parameters,
    read_paths,
)
from ui.context import actor, platform, release
from ui.errors import ApiProblem

PREFIX = "/api/v1"


def list_records(object_name: str) -> Response:
    """GET /records/{object}: one page, with the address of the next one in the body and as a Link header."""
    asked = read_list_request(object_key(object_name))
    page = platform().records.list(actor(), asked.query)
    following = next_address(page.next_cursor)
    parts = [b'{"items":', page.json_bytes(), b',"next":', to_json(following)]
    if asked.count:
        count = platform().records.count(actor(), asked.query, exact=asked.count == "exact")
        parts += [b',"count":', to_json({"value": count.value, "capped": count.capped})]
    parts.append(b"}")
    headers = {"Link": f'<{following}>; rel="next"'} if following else None
    return bytes_answer(b"".join(parts), headers=headers)


def get_record(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}: one record, its version as ETag."""
    given = read_parameters(("fields",))
    key = object_key(object_name)
    fields = read_paths("fields", given.get("fields")) or None
    try:
        record = platform().records.get(actor(), key, check_record_id(key, record_id), fields=fields)
    except RecordNotFound:
        return _moved_to(key, record_id)
    return bytes_answer(record.json_bytes(), headers={"ETag": entity_tag(record.version)})


def _moved_to(key: str, record_id: str) -> Response:
    """Answer with the address of the record that one was merged into.

    Raises: RecordNotFound where it was not, or that may not be read.
    """
    with platform().records.reading(actor(), release=release()) as transaction:
        found = readable_survivor(transaction, transaction.object_def(key), record_id)
    if found is None:
        raise RecordNotFound(key, record_id)
    return Response(status=301, headers={"Location": f"{PREFIX}/records/{key}/{found}"})


def create_record(object_name: str) -> Response:
    """POST /records/{object}: a new record; the same Idempotency-Key gives the same answer for a day."""
    read_parameters(())
    key = object_key(object_name)
    repeat_key = request.headers.get("Idempotency-Key")
    if repeat_key is None:
        values = read_object()
        confirm = take_confirm(values)
        return _created(key, platform().records.create(actor(), key, values, confirm=confirm))
    if not 1 <= len(repeat_key) <= MAX_KEY_LENGTH or not repeat_key.isprintable():
        raise ApiProblem(400, "bad_idempotency_key", f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    return _create_once(key, repeat_key)


def update_record(object_name: str, record_id: str) -> Response:
    """PATCH /records/{object}/{id}: the named fields change, the others stay."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    version = read_if_match(required=_must_match())
    values = read_object()
    confirm = take_confirm(values)
    saved = platform().records.update(actor(), key, record_id, values, version=version, confirm=confirm)
    return bytes_answer(saved_body(saved), headers={"ETag": entity_tag(saved.record.version)})


def delete_record(object_name: str, record_id: str) -> Response:
    """DELETE /records/{object}/{id}: into the bin."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    version = read_if_match(required=_must_match())
    read_no_body()
    platform().records.delete(actor(), key, record_id, version=version)
    return Response(status=204)


def restore_record(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/restore: back from the bin."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    read_no_body()
    saved = platform().records.restore(actor(), key, record_id)
    return bytes_answer(saved_body(saved), headers={"ETag": entity_tag(saved.record.version)})


def object_key(name: str) -> str:
    """Give the key of an object named in an address, bare or as `app.name`."""
    found = release().metamodel.find_object(name)
    if found is None:
        raise UnknownObject(name)
    return found.key


def _create_once(key: str, repeat_key: str) -> Response:
    who, keys = actor(), platform().accounts.idempotency
    owner = who.user_id or who.login
    body = request.get_data()
    fingerprint = key.encode() + b"\n" + body
    with keys.in_flight(owner, repeat_key):
        kept = keys.find(owner, repeat_key, fingerprint)
        if kept is None:
            values = read_object()
            confirm = take_confirm(values)
            with platform().records.transaction(who) as transaction:
                kept = keys.claim(transaction.connection, owner, repeat_key, fingerprint)
                if kept is None:
                    answer = _created(key, transaction.create(key, values, confirm=confirm))
                    keys.keep(transaction.connection, owner, repeat_key, fingerprint, _kept(answer))
                    return answer
    return _repeated(kept)


def _created(key: str, saved: Saved) -> Response:
    headers = {
        "Location": f"{PREFIX}/records/{key}/{saved.record.id}",
        "ETag": entity_tag(saved.record.version),
    }
    return bytes_answer(saved_body(saved), 201, headers)


def _kept(answer: Response) -> KeptAnswer:
    headers = {name: answer.headers[name] for name in ("Location", "ETag")}
    return KeptAnswer(status=answer.status_code, headers=headers, body=answer.get_data(as_text=True))


def _repeated(kept: KeptAnswer) -> Response:
    headers: dict[str, Any] = {**kept.headers, "Idempotent-Replayed": "true"}
    return bytes_answer(kept.body.encode(), kept.status, headers)


def _must_match() -> bool:
    return bool(current_app.config["FIELDSTONE_REQUIRE_IF_MATCH"])
