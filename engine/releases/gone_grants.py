"""Takes away what was granted by names that a release no longer has: roles held, shares, and scopes of tokens.

So a role, object or permission that takes such a name later begins with nobody having anything by it. What roles
themselves say of fields and objects that are gone is refused by the check.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select, update

from engine.access.actor import Actor, Origin
from engine.access.limits import RIGHT
from engine.accounts.stamp import raise_stamp
from engine.accounts.trail import ACCOUNT
from engine.audit.entries import entry_values
from engine.releases.release import Release
from engine.releases.stored_form import StoredRelease
from engine.storage.gone_names import forget_shares
from engine.storage.system_tables import SystemTables
from metamodel.system_rights import known_rights


def forget_grants(
    connection: Connection, system: SystemTables, release: Release, stored: StoredRelease, by: Actor | None
) -> None:
    """Take it away, in the transaction that publishes; the audit log says from whom. by: None = the operator."""
    metamodel, info = release.metamodel, stored.info
    forget_shares(connection, system, metamodel.objects, metamodel.roles)
    lost = _lost_roles(connection, system, metamodel.roles)
    narrowed = _narrow_tokens(connection, system, metamodel.objects, known_rights(metamodel), info.at)
    if not lost and not narrowed:
        return
    who = by or Actor(user_id=None, login=info.author, name=info.author, origin=Origin.CLI)
    told = [(user, "roles_lost", {"roles": names}) for user, names in lost.items()]
    told += [(user, "token_narrowed", {"scopes": names}) for user, names in narrowed.items()]
    entries = []
    for user_id, action, facts in told:
        entry = entry_values(who, ACCOUNT, action, info.at, {}, release=info.number)
        entry["changes"] = {name: [sorted(value), None] for name, value in facts.items()}
        entries.append(entry | {"record_id": user_id})
    connection.execute(insert(system.audit), entries)
    raise_stamp(connection, system.stamp)


def _lost_roles(connection: Connection, system: SystemTables, known: Collection[str]) -> dict[str, list[str]]:
    """Let nobody hold a role that is none of these; give who held which."""
    role, lost = system.role, defaultdict[str, list[str]](list)
    gone = role.c.role.not_in(sorted(known))
    for user_id, name in connection.execute(select(role.c.user_id, role.c.role).where(gone)):
        lost[user_id].append(name)
    if lost:
        connection.execute(delete(role).where(gone))
    return lost


def _narrow_tokens(
    connection: Connection, system: SystemTables, objects: Collection[str], rights: Collection[str], at: dt.datetime
) -> dict[str, list[str]]:
    """Take scopes away that name what is gone, and revoke tokens that are left without any; give whose."""
    token, narrowed = system.token, defaultdict[str, list[str]](list)
    for row in connection.execute(select(token).where(token.c.revoked_at.is_(None))).all():
        kept = [scope for scope in row.scopes or () if _is_known(scope, objects, rights)]
        gone = set(row.scopes or ()) - set(kept)
        if gone:
            narrowed[row.user_id] += sorted(gone)
            values = {"scopes": kept, "revoked_at": None if kept else at}
            connection.execute(update(token).where(token.c.id == row.id).values(values))
    return narrowed


def _is_known(scope: str, objects: Collection[str], rights: Collection[str]) -> bool:
    subject, colon, action = scope.rpartition(":")
    return not colon or (action in rights if subject == RIGHT else subject in objects)
