"""What the audit log is narrowed by, read from texts: the same for the command line, the page and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from engine.access.actor import Origin
from engine.audit.entries import AuditChange, AuditEntry, AuditFilter
from engine.records.identifiers import could_be_id
from metamodel.apps import Metamodel
from metamodel.names import did_you_mean

FILTERS = ("object", "record", "actor", "action", "origin", "since", "until", "before")
_LONGEST = 200


class FilterUnclear(ValueError):
    """A text is none that the log can be narrowed by; `name` says which."""

    def __init__(self, name: str, sentence: str) -> None:
        self.name = name
        super().__init__(sentence)


def read_filter(given: Mapping[str, str], metamodel: Metamodel) -> AuditFilter:
    """Read the texts that are given, by the names of FILTERS; empty ones narrow nothing.

    Raises: FilterUnclear.
    """
    texts = {name: text[:_LONGEST] for name in FILTERS if (text := given.get(name, "").strip())}
    found = metamodel.find_object(texts["object"]) if "object" in texts else None
    record = texts.get("record")
    if record is not None and not could_be_id(record):
        raise FilterUnclear("record", f"'{record[:40]}' is not the id of a record.")
    return AuditFilter(
        object=found.key if found is not None else texts.get("object"),
        record_id=record,
        actor=texts.get("actor"),
        action=texts.get("action"),
        origin=_origin(texts.get("origin")),
        since=_moment("since", texts.get("since")),
        until=_moment("until", texts.get("until")),
        before=_number(texts.get("before")),
    )


def entry_to_json(entry: AuditEntry) -> dict[str, object]:
    """Give an entry as JSON data."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": {"id": entry.actor, "name": entry.actor_name},
        "on_behalf_of": entry.on_behalf,
        "origin": entry.origin,
        "address": entry.address,
        "request_id": entry.request_id,
        "object": entry.object,
        "record": {"id": entry.record_id, "title": entry.title} if entry.record_id else None,
        "version": entry.version,
        "action": entry.action,
        "run": entry.run,
        "rule": entry.rule,
        "step": entry.step,
        "release": entry.release,
        "changes": [_change_to_json(each) for each in entry.changes],
        "hidden": entry.hidden,
        "sealed": entry.is_sealed,
    }


def _change_to_json(change: AuditChange) -> dict[str, object]:
    if change.masked:
        return {"field": change.name, "masked": True}
    return {"field": change.name, "old": change.old, "new": change.new}


def _origin(text: str | None) -> str | None:
    known = [each.value for each in Origin]
    if text is not None and text not in known:
        hint = did_you_mean(text, known) or f"known are {', '.join(known)}"
        raise FilterUnclear("origin", f"There is no entrance '{text[:40]}'; {hint}")
    return text


def _moment(name: str, text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
        return found.astimezone(dt.UTC) if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise FilterUnclear(name, f"'{text[:40]}' is no moment; write 2026-01-31 or 2026-01-31T08:00:00Z.") from None


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise FilterUnclear("before", "'before' is the number of an entry.")
    return int(text)
