"""A record's history as its page shows it: who changed what, when, and which rule run was behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Mapping, Sequence
from urllib.parse import quote

from flask_babel import gettext as _
from flask_babel import pgettext

from engine.records.history import APPROVAL_ACTION, SHARED, UNSHARED
from engine.records.reverting import may_be_put_back
from engine.records.transaction import Transaction
from engine.records.types import FieldChange, HistoryEntry, Record
from engine.timeline import newest_events
from metamodel.masks import MASK
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import Change, TimelineEntry
from ui.pages.approval_words import event_look, event_words
from ui.pages.record_names import Titles, named_text, record_key
from ui.pages.share_words import share_words

_LOOKS = {
    "created": ("plus", "green"),
    "updated": ("pencil", "blue"),
    "deleted": ("trash", "red"),
    "restored": ("restore", "amber"),
    "converted": ("arrow-right", "green"),
    "merged": ("transfer", "purple"),
    "unmerged": ("arrow-back-up", "amber"),
    SHARED: ("share", "blue"),
    UNSHARED: ("share", "gray"),
}
_SHOWN = 20


def history_entries(
    transaction: Transaction, object_def: ObjectDef, record_id: str, formats: Formats, *, may_revert: bool
) -> tuple[TimelineEntry, ...]:
    """Read the newest changes and, of a person, behaviour events; may_revert: whether changes can be taken back."""
    entries = transaction.history(object_def.key, record_id)[:_SHOWN]
    titles = _titles(transaction, object_def, entries)
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    puts_back = may_be_put_back(transaction, object_def) if may_revert else ()
    said = share_words(transaction, entries, formats)
    changes = [_entry(object_def, entry, titles, formats, url, puts_back, said) for entry in entries]
    events = newest_events(transaction, object_def, record_id, limit=_SHOWN)
    if not events:
        return tuple(changes)
    dated = [(entry.at, shown) for entry, shown in zip(entries, changes, strict=True)]
    dated += [(at, _event(transaction, at, event, formats)) for at, event in events]
    return tuple(shown for _at, shown in sorted(dated, key=lambda one: one[0], reverse=True)[:_SHOWN])


def _event(transaction: Transaction, at: dt.datetime, event: Record, formats: Formats) -> TimelineEntry:
    """Show a behaviour event: what its record is called, leading to it, and what kind of record it is."""
    object_def = transaction.parts.metamodel.objects[event.object]
    kind = label_text(object_def.label, formats.language, object_def.name)
    return TimelineEntry(
        id=f"event-{event.id}",
        icon="world",
        color="teal",
        title=event.title or kind,
        who=kind if event.title else "",
        href=f"/o/{quote(event.object)}/{quote(event.id)}",
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(at),
    )


def _entry(
    object_def: ObjectDef,
    entry: HistoryEntry,
    titles: Titles,
    formats: Formats,
    url: str,
    puts_back: Container[str],
    said: Mapping[int, str],
) -> TimelineEntry:
    icon, color = _LOOKS.get(entry.action, ("history", "gray"))
    if entry.action.startswith(APPROVAL_ACTION):
        icon, color = event_look(entry.action.removeprefix(APPROVAL_ACTION))
    elif entry.run and entry.share is None:
        icon, color = "bolt", "purple"
    reverts = entry.action == "updated" and any(change.field in puts_back for change in entry.changes)
    return TimelineEntry(
        id=f"history-{entry.id}",
        icon=icon,
        color=color,
        title=action_words(entry),
        who=who_changed(entry),
        href=f"/runs/{quote(entry.run)}" if entry.run else f"{url}/merges" if entry.action == "merged" else "",
        iso=entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(entry.at),
        # What a record was created with stands on the page already.
        changes=() if entry.action == "created" else tuple(_changes(object_def, entry.changes, titles, formats)),
        revert_url=f"{url}/revert?entry={entry.id}" if reverts else "",
        body=entry.reason or said.get(entry.id, ""),
    )


def who_changed(entry: HistoryEntry) -> str:
    """Name who did what an entry tells of, in the request's language."""
    return (entry.actor_title if entry.actor_id else "") or str(pgettext("actor", "System"))


def action_words(entry: HistoryEntry) -> str:
    """Say what was done in an entry, in the request's language."""
    if entry.action.startswith(APPROVAL_ACTION):
        return event_words(entry.action.removeprefix(APPROVAL_ACTION))
    if entry.share is not None:
        return str(_("Shared") if entry.action == SHARED else _("No longer shared"))
    if entry.run:
        return str(_("Changed by a rule") if entry.action == "updated" else _("Created by a rule"))
    if entry.origin == "import":
        return str(_("Imported"))
    words = {
        "created": _("Created"),
        "updated": _("Changed"),
        "deleted": _("Deleted"),
        "restored": _("Restored"),
        "converted": _("Converted"),
        "merged": _("Merged"),
        "unmerged": _("Merge undone"),
    }
    return str(words.get(entry.action, entry.action))


def _changes(
    object_def: ObjectDef, changes: Sequence[FieldChange], titles: Titles, formats: Formats
) -> Iterable[Change]:
    for change in changes:
        field = object_def.fields.get(change.field)
        if field is None:
            continue
        label = label_text(field.label, formats.language, field.name)
        if change.masked:
            yield Change(label=label, old="", new=MASK)
        else:
            old, new = (named_text(field, value, titles, formats) for value in (change.old, change.new))
            yield Change(label=label, old=old, new=new)


def _titles(transaction: Transaction, object_def: ObjectDef, entries: Sequence[HistoryEntry]) -> Titles:
    keys = (
        record_key(object_def.fields.get(change.field), value)
        for entry in entries
        if entry.action != "created"
        for change in entry.changes
        for value in (change.old, change.new)
    )
    return transaction.reader.titles(key for key in keys if key is not None)
