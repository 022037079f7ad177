"""Follow a record and follow it no longer: two buttons of its page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied
from engine.records.following import can_be_followed, change_followers, follows
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release
from ui.pages.chrome import toast
from ui.pages.rights import readable_object

blueprint = Blueprint("following", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowButton:
    """What the page of a record offers: an address, "" where nobody can follow it; is_on: the person follows it."""

    url: str
    is_on: bool = False


@blueprint.post("/o/<object_name>/<record_id>/follow")
def follow(object_name: str, record_id: str) -> ResponseReturnValue:
    """Let the person be told of changes of a record."""
    return _change(object_name, record_id, add=True)


@blueprint.post("/o/<object_name>/<record_id>/unfollow")
def unfollow(object_name: str, record_id: str) -> ResponseReturnValue:
    """Let the person be told no longer."""
    return _change(object_name, record_id, add=False)


def follow_button(transaction: Transaction, object_def: ObjectDef, record_id: str) -> FollowButton:
    """Say what the page of a record offers."""
    if transaction.actor.user_id is None or not can_be_followed(object_def):
        return FollowButton(url="")
    is_on = follows(transaction, object_def.key, record_id)
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    return FollowButton(url=f"{url}/unfollow" if is_on else f"{url}/follow", is_on=is_on)


def _change(object_name: str, record_id: str, *, add: bool) -> ResponseReturnValue:
    object_def = readable_object(object_name)
    user_id = actor().user_id
    if user_id is None:
        raise AccessDenied("follow", object_def.key, str(_("only people follow records")))
    with platform().records.transaction(actor(), release=release()) as transaction:
        change_followers(transaction, object_def, record_id, [user_id], add=add)
    toast(_("You follow this record and will be told of changes.") if add else _("You no longer follow this record."))
    return redirect(f"/o/{quote(object_def.key)}/{quote(record_id)}", 303)
