"""With whom records are shared: a user, a team or a role, as they are written and as people name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.access.shares import key_of_role, key_of_team, key_of_user
from engine.records.identifiers import could_be_id
from metamodel.texts import label_text

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


class ShareeKind(StrEnum):
    """What a record can be shared with."""

    USER = "user"
    TEAM = "team"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Sharee:
    """Who a record is shared with. id: of the user or team, else the role's name."""

    kind: ShareeKind
    id: str

    @property
    def key(self) -> str:
        """Give how it is written in fs_share."""
        match self.kind:
            case ShareeKind.USER:
                return key_of_user(self.id)
            case ShareeKind.TEAM:
                return key_of_team(self.id)
            case ShareeKind.ROLE:
                return key_of_role(self.id)

    @staticmethod
    def of_key(key: str) -> Sharee:
        """Read what is written in fs_share."""
        kind, _, found = key.partition(":")
        return Sharee(ShareeKind(kind), found)


def is_there(transaction: Transaction, sharee: Sharee) -> bool:
    """Say whether a sharee exists and, being a person, is in use; who asks need not see it."""
    if sharee.kind is ShareeKind.ROLE:
        return sharee.id in transaction.parts.metamodel.roles
    if not could_be_id(sharee.id):
        return False
    values = transaction.cache.related(sharee.kind.value, sharee.id)
    return values is not None and values.get("active") is not False


def is_seen(transaction: Transaction, sharee: Sharee) -> bool:
    """Say whether the actor may know of a sharee: users and teams are records; roles stand in the configuration."""
    if sharee.kind is ShareeKind.ROLE:
        return sharee.id in transaction.parts.metamodel.roles
    return bool(transaction.reader.titles([(sharee.kind.value, sharee.id)]))


def sharee_titles(transaction: Transaction, sharees: Iterable[Sharee]) -> dict[Sharee, str]:
    """Give what sharees are called; of users and teams those that the actor may read."""
    wanted = list(dict.fromkeys(sharees))
    records = [(each.kind.value, each.id) for each in wanted if each.kind is not ShareeKind.ROLE]
    titles = transaction.reader.titles(records)
    found = {}
    for each in wanted:
        role = transaction.parts.metamodel.roles.get(each.id) if each.kind is ShareeKind.ROLE else None
        if role is not None:
            found[each] = label_text(role.label, transaction.actor.language, role.name)
        elif (each.kind.value, each.id) in titles:
            found[each] = titles[each.kind.value, each.id]
    return found


def members_of(transaction: Transaction, sharee: Sharee) -> Iterable[str]:
    """Give the active users that are told of a share: the user, the members of a team; of a role nobody is."""
    if sharee.kind is ShareeKind.USER:
        return [sharee.id]
    if sharee.kind is ShareeKind.ROLE:
        return []
    rows = (values for _, values in transaction.cache.children(sharee.kind.value, "members", sharee.id))
    return [str(row["id"]) for row in rows if row.get("active") is not False]
