"""Tells people of what was shared with them, each in that person's language.

What the record is called is not told: who shares it may see more of it than the reader, whose page of it says the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from types import MappingProxyType
from zoneinfo import ZoneInfo

from engine.records.sharing.sharees import Sharee, members_of
from engine.records.sharing.sharing import last_day
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text

_SAID = MappingProxyType(
    {
        (False, False): (
            "{who} shared a record with you, to read: {label}.",
            "{who} 与您共享了一条记录（可查看）：{label}。",
        ),
        (False, True): (
            "{who} shared a record with you, to read until {until}: {label}.",
            "{who} 与您共享了一条记录（可查看，截至 {until}）：{label}。",
        ),
        (True, False): (
            "{who} shared a record with you, to edit: {label}.",
            "{who} 与您共享了一条记录（可编辑）：{label}。",
        ),
        (True, True): (
            "{who} shared a record with you, to edit until {until}: {label}.",
            "{who} 与您共享了一条记录（可编辑，截至 {until}）：{label}。",
        ),
    }
)


def share_notices(
    transaction: Transaction, object_def: ObjectDef, sharee: Sharee, *, edits: bool, until: dt.datetime | None
) -> Iterable[tuple[str, str]]:
    """Give who is told of a share, and what; who shares is told nothing."""
    actor = transaction.actor
    for user_id in members_of(transaction, sharee):
        if user_id == actor.user_id:
            continue
        values = transaction.cache.related("user", user_id) or {}
        language = str(values.get("language") or transaction.parts.metamodel.main.languages[0])
        said = _SAID[edits, until is not None][1 if language.startswith("zh") else 0]
        if until is not None:
            said = said.replace("{until}", written_end(until, transaction.around.zone))
        label = label_text(object_def.label, language, object_def.name)
        yield user_id, said.replace("{label}", label).replace("{who}", actor.name or actor.login)


def written_end(until: dt.datetime, zone: ZoneInfo) -> str:
    """Write when a share ends: the day until which it goes, or the minute."""
    day = last_day(until, zone)
    return day.isoformat() if day is not None else until.astimezone(zone).strftime("%Y-%m-%d %H:%M")
