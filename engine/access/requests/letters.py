"""What people are told of requests for access, each in that person's language; no record is named."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.records.transaction import Transaction

ASKED, GRANTED, REFUSED = "asked", "granted", "refused"
_SAID: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ASKED: ("{who} asks for access.", "{who} 申请访问权限。"),
        GRANTED: (
            "{who} gave you the access you asked for, until {until}.",
            "{who} 已批准您申请的访问权限，截至 {until}。",
        ),
        REFUSED: ("{who} refused the access you asked for.", "{who} 拒绝了您申请的访问权限。"),
    }
)


def letter(transaction: Transaction, user_id: str, what: str, *, until: str = "") -> str:
    """Give what a user is told."""
    values = transaction.cache.related("user", user_id) or {}
    language = str(values.get("language") or transaction.parts.metamodel.main.languages[0])
    said = _SAID[what][1 if language.startswith("zh") else 0]
    who = transaction.actor.name or transaction.actor.login
    return said.replace("{until}", until).replace("{who}", who)
