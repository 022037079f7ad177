"""What is read of the audit log: entries as their reader may see them, and what a list of them is narrowed by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.access.actor import Actor
from engine.errors import EngineError
from engine.records.identifiers import could_be_id

REFUSED = "refused"
"""The action of entries about what somebody was refused."""
ABOUT_NO_FIELD = frozenset((REFUSED, "exported", "revealed", "erased", "archived", "held", "hold_ended", "stopped"))
"""Actions whose entries tell no change of the fields of a record, but what was done with the object."""


class EntryNotFound(EngineError):
    """There is no such entry."""

    def __init__(self, entry: int) -> None:
        self.entry = entry
        super().__init__(f"There is no entry {entry} in the audit log.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What a list is narrowed by; all that is given must hold.

    object: its key, or the name of what is no object (`fs_account`, `fs_release` …). actor: id or a part of the name.
    since, until: aware UTC, the second one is left out. before: only older entries than this one.
    """

    object: str | None = None
    record_id: str | None = None
    actor: str | None = None
    action: str | None = None
    origin: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChange:
    """What an entry says of one field, or of one fact; masked: its values are not told."""

    name: str
    old: Any = None
    new: Any = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry. actor_name: who; on_behalf: the name of who was signed in as that person. hidden: how many changes its
    reader may not see; title: of the record, where it may be read. rule: what a run in the log was a run of.
    """

    id: int
    at: dt.datetime
    actor: str | None
    actor_name: str
    on_behalf: str | None
    origin: str
    address: str | None
    request_id: str | None
    object: str
    record_id: str | None
    title: str | None
    version: int | None
    action: str
    run: str | None
    step: str | None
    rule: str | None
    release: int | None
    changes: tuple[AuditChange, ...] = ()
    hidden: int = 0
    is_sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Entries, the newest first; before: where the next page begins, None at the end."""

    rows: tuple[AuditEntry, ...]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What somebody was refused: asked for what, of what, and why. It may name what is not there."""

    object: str
    record_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def entry_values(
    actor: Actor,
    about: str,
    action: str,
    at: dt.datetime,
    facts: Mapping[str, Any],
    *,
    record_id: str | None = None,
    release: int | None = None,
) -> dict[str, Any]:
    """Give the columns of an entry that no save writes; facts: name → value, told as what came to be."""
    kept_id = record_id if record_id is not None and could_be_id(record_id) else None
    return {
        "object": about,
        "record_id": kept_id,
        "at": at,
        "actor": actor.user_id,
        "actor_name": actor.name or actor.login,
        "on_behalf": actor.on_behalf_of,
        "origin": actor.origin.value,
        "release": release,
        "action": action,
        "changes": {name: [None, value] for name, value in facts.items() if value is not None},
        "address": actor.address,
        "request_id": actor.request_id,
    }
