"""Saved views over the API: those that the caller may use, saving one, changing and deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response

from engine.records.saved_views import SavedView
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.view_drafts import STATE, ViewDraft
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_no_body, read_object
from ui.api.parameters import read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

KEYS = ("label", "for", "locked", "first", "state")
_AUDIENCES = (ShareeKind.TEAM.value, ShareeKind.ROLE.value)


def list_views(object_name: str) -> Response:
    """GET /views/{object}: the saved views that the caller may use."""
    read_parameters(())
    key, desk = object_key(object_name), platform().saved_views
    with platform().records.reading(actor(), release=release()) as transaction:
        found = desk.named(transaction, desk.list(transaction, key))
    return json_answer({"items": [view_json(each) for each in found], "next": None})


def create_view(object_name: str) -> Response:
    """POST /views/{object}: save a view."""
    read_parameters(())
    key, draft = object_key(object_name), _draft(read_object())
    return json_answer(view_json(platform().saved_views.create(actor(), key, draft, release=release())), 201)


def get_view(object_name: str, view_id: str) -> Response:
    """GET /views/{object}/{id}: a saved view."""
    read_parameters(())
    return json_answer(
        view_json(platform().saved_views.find(actor(), object_key(object_name), view_id, release=release()))
    )


def change_view(object_name: str, view_id: str) -> Response:
    """PUT /views/{object}/{id}: replace what a saved view is."""
    read_parameters(())
    found = platform().saved_views.find(actor(), object_key(object_name), view_id, release=release())
    draft = _draft(read_object())
    return json_answer(view_json(platform().saved_views.change(actor(), found.id, draft, release=release())))


def delete_view(object_name: str, view_id: str) -> Response:
    """DELETE /views/{object}/{id}: delete a saved view."""
    read_parameters(())
    read_no_body()
    found = platform().saved_views.find(actor(), object_key(object_name), view_id, release=release())
    platform().saved_views.delete(actor(), found.id, release=release())
    return Response(status=204)


def view_json(view: SavedView) -> dict[str, Any]:
    """Write a saved view as the API gives it."""
    address = urlencode({**view.state, "saved": view.id})
    return {
        "id": view.id,
        "object": view.object,
        "label": view.label,
        "for": {view.audience.kind.value: view.audience.id} if view.audience is not None else None,
        "for_title": view.audience_title or None,
        "locked": view.locked,
        "first": view.first,
        "state": dict(view.state),
        "owner": {"id": view.owner, "title": view.owner_title or None},
        "changed_at": view.changed_at,
        "used_at": view.used_at,
        "may_change": view.may_change,
        "url": f"/o/{quote(view.object)}?{address}",
    }


def _draft(given: Mapping[str, Any]) -> ViewDraft:
    check_keys(given, KEYS)
    label, state, flags = (
        given.get("label"),
        given.get("state", {}),
        (given.get("locked", False), given.get("first", False)),
    )
    if not isinstance(label, str):
        raise ApiProblem(400, "bad_request", "`label` is the name of the view, a text.")
    if not isinstance(state, Mapping) or not all(isinstance(each, str) for each in state.values()):
        raise ApiProblem(400, "bad_request", f"`state` has texts under {', '.join(STATE)}.")
    check_keys(state, STATE)
    if not all(isinstance(each, bool) for each in flags):
        raise ApiProblem(400, "bad_request", "`locked` and `first` are true or false.")
    return ViewDraft(
        label=label, state=dict(state), audience=_audience(given.get("for")), locked=flags[0], first=flags[1]
    )


def _audience(given: object) -> Sharee | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or len(given) != 1 or not set(given) <= set(_AUDIENCES):
        raise ApiProblem(400, "bad_request", "`for` names one `team` by its id or one `role` by its name, or is null.")
    kind, found = next(iter(given.items()))
    if not isinstance(found, str):
        raise ApiProblem(400, "bad_request", "Teams are named by their id, roles by their name.")
    return Sharee(ShareeKind(kind), found)
