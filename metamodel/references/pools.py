"""Checks the pool of an object: roles that exist, and no field in the way of the one it makes."""

from __future__ import annotations

from collections.abc import Collection

from metamodel.pools import CLAIMED_AT
from metamodel.reading.node_values import child, entries, scalars
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems


def check_pool(draft: ObjectDraft, roles: Collection[str], problems: Problems) -> None:
    """Check `pool:` of an object.

    Problems: OBJ355 a role that does not exist, OBJ356 a field `claimed_at` beside the pool.
    """
    node = draft.node.get("pool")
    if node is None:
        return
    for role in scalars(child(node, "claim")):
        if role.text not in roles:
            tell_unknown(problems, "OBJ355", role, "a role", roles)
    own = next((key for key, _ in entries(draft.node.get("fields")) if key.text == CLAIMED_AT), None)
    if own is not None:
        message = f"'{CLAIMED_AT}' is the field that 'pool' makes"
        problems.report("OBJ356", message, own.at, hint="take it out of the fields", length=own.length)
