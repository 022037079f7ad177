"""Pools over the API: claim a record, give it back."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from engine.records.pools.claiming import claim_record, pool_standing, protected_until, release_record
from engine.records.transaction import Transaction
from engine.records.types import Saved
from metamodel.objects import ObjectDef
from ui.api.answers import json_answer
from ui.api.body import check_keys, parse_object, take_confirm
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release


def claim(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/claim: the record becomes the caller's."""
    return _change(object_name, record_id, claims=True)


def let_go(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/release: the caller's record goes back to the pool."""
    return _change(object_name, record_id, claims=False)


def _change(object_name: str, record_id: str, *, claims: bool) -> Response:
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    confirm = _confirm()
    with platform().records.transaction(actor(), release=release()) as transaction:
        object_def = transaction.object_def(key)
        change = claim_record if claims else release_record
        saved = change(transaction, object_def, record_id, confirm=confirm)
        body = _body(transaction, object_def, saved)
    return json_answer(body)


def _confirm() -> tuple[str, ...]:
    text = request.get_data(cache=False)
    values = parse_object(text) if text.strip() else {}
    confirm = take_confirm(values)
    check_keys(values, ("confirm",))
    return tuple(confirm)


def _body(transaction: Transaction, object_def: ObjectDef, saved: Saved) -> dict[str, Any]:
    standing = pool_standing(transaction, object_def)
    until = protected_until(transaction, object_def, saved.record.values)
    return {
        "id": saved.record.id,
        "version": saved.record.version,
        "held": standing.held if standing is not None else 0,
        "quota": standing.quota if standing is not None else None,
        "protected_until": until,
    }
