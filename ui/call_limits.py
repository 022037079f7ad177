"""Which calls a token opens by its scopes, and the second factor that a session still owes; nothing of it is data.

What a token's objects and actions leave of the data is compiled with the roles (engine/access/limits.py): here only the
calls that are about no named object, or do more than its scopes say, stay closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from flask import request

from engine.access.limits import READ, WRITE
from engine.accounts.askers import SignedIn
from engine.accounts.secrets import TOKEN_PREFIX
from engine.accounts.token_scopes import opens
from ui.context import platform, release
from ui.errors import ApiProblem
from ui.security import SAFE_METHODS

Step = Literal["", "code", "set_up"]

# About no object of the address, and limited by what is compiled.
_FOR_ALL = frozenset(
    (
        "api.list_objects",
        "api.openapi",
        "api.query_figures",
        "api.list_reports",
        "api.show_report",
        "api.list_changes",
        "api.download_file",
        "api.download_preview",
        "api.take_events",
    )
)
_READING = ("read", "export")
# What a changing call needs one of; each row and field is judged by the door besides.
_CHANGING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "api.create_record": ("create",),
        "api.delete_record": ("delete",),
        "api.restore_record": ("delete",),
        "api.bulk": ("create", "update", "delete"),
        "api.put_record": ("create", "update"),
        "api.upload_file": ("create", "update"),
    }
)
_OF_TOOLS = "api.answer_mcp"
"""Each tool that it calls is a call of its own, and judged as one."""
_SHORTEST_TOKEN = 40


def refuse_token_in_address() -> None:
    """Refuse a token in the query string: addresses are logged and kept by every proxy and browser.

    Raises: ApiProblem.
    """
    if TOKEN_PREFIX not in request.query_string.decode("latin-1"):
        return
    for values in request.args.listvalues():
        if any(value.startswith(TOKEN_PREFIX) and len(value) >= _SHORTEST_TOKEN for value in values):
            detail = (
                "A token belongs in the header `Authorization: Bearer TOKEN`; this one was seen by others: revoke it."
            )
            raise ApiProblem(400, "token_in_address", detail)


def check_scope(found: SignedIn) -> None:
    """Refuse a call that the token's scopes do not open.

    Raises: ApiProblem.
    """
    if request.endpoint == _OF_TOOLS:
        return
    is_read = request.method in SAFE_METHODS
    needed = READ if is_read else WRITE
    if needed in found.scopes or (found.is_limited and _is_opened(found, is_read)):
        return
    raise ApiProblem(403, "scope_missing", f"The token lacks the scope '{needed}', or one for this object and action.")


def step_owed(found: SignedIn) -> Step:
    """Say what a session owes before any page opens: a code of the second factor, or setting one up."""
    if not found.by_cookie or found.factor_done or found.actor.on_behalf_of is not None:
        return ""
    if found.has_factor:
        return "code"
    return "set_up" if platform().accounts.factors.is_required(release(), found.actor.roles) else ""


def _is_opened(found: SignedIn, is_read: bool) -> bool:
    endpoint, name = request.endpoint or "", (request.view_args or {}).get("object_name")
    if endpoint in _FOR_ALL:
        return True
    named = release().metamodel.find_object(name) if isinstance(name, str) else None
    actions = _READING if is_read else _CHANGING.get(endpoint, ("update",))
    if named is not None and named.parent_field is not None and named.parent_field.relation is not None:
        # Parts that are not named go with what they are parts of.
        above = named.parent_field.relation.targets[0]
        if opens(found.scopes, above, actions=_READING if is_read else ("update",)):
            return True
    return named is not None and opens(found.scopes, named.key, actions=actions)
