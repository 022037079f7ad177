"""A record's history as its page shows it: who changed what, when, and which rule run was behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from flask_babel import gettext as _

from engine.errors import UnknownObject
from engine.records.transaction import Transaction
from engine.records.types import MAX_PAGE, FieldChange, HistoryEntry, ListQuery
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Ref
from ui.formats import Formats
from ui.page_parts import Change, TimelineEntry
from ui.pages.values import shown_value
from workflow_dsl.printer import quote as quote_text

_LOOKS = {
    "created": ("plus", "green"),
    "updated": ("pencil", "blue"),
    "deleted": ("trash", "red"),
    "restored": ("restore", "amber"),
}
_SHOWN = 20
Titles = Mapping[tuple[str, str], str]


def history_entries(
    transaction: Transaction, object_def: ObjectDef, record_id: str, formats: Formats
) -> tuple[TimelineEntry, ...]:
    """Read the newest entries."""
    entries = transaction.history(object_def.key, record_id)[:_SHOWN]
    titles = _titles(transaction, object_def, entries)
    return tuple(_entry(object_def, entry, titles, formats) for entry in entries)


def _entry(object_def: ObjectDef, entry: HistoryEntry, titles: Titles, formats: Formats) -> TimelineEntry:
    icon, color = _LOOKS.get(entry.action, ("history", "gray"))
    if entry.run:
        icon, color = "bolt", "purple"
    return TimelineEntry(
        id=f"history-{entry.id}",
        icon=icon,
        color=color,
        title=_action(entry),
        who=entry.actor_title or str(_("System")),
        href=f"/runs/{quote(entry.run)}" if entry.run else "",
        iso=entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(entry.at),
        # What a record was created with stands on the page already.
        changes=() if entry.action == "created" else tuple(_changes(object_def, entry.changes, titles, formats)),
    )


def _action(entry: HistoryEntry) -> str:
    if entry.run:
        return str(_("Changed by a rule") if entry.action == "updated" else _("Created by a rule"))
    if entry.origin == "import":
        return str(_("Imported"))
    words = {
        "created": _("Created"),
        "updated": _("Changed"),
        "deleted": _("Deleted"),
        "restored": _("Restored"),
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
            yield Change(label=label, old="", new="••••")
        else:
            old, new = (_text(field, value, titles, formats) for value in (change.old, change.new))
            yield Change(label=label, old=old, new=new)


def _text(field: FieldDef, value: object, titles: Titles, formats: Formats) -> str:
    key = _key(field, value)
    if key is not None:
        return titles.get(key, "–")
    return shown_value(field, value, None, formats).text


def _titles(transaction: Transaction, object_def: ObjectDef, entries: Sequence[HistoryEntry]) -> Titles:
    """Read what the records are called that lookups pointed at: one statement an object."""
    wanted: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.action == "created":
            continue
        for change in entry.changes:
            field = object_def.fields.get(change.field)
            for value in (change.old, change.new):
                key = _key(field, value) if field is not None else None
                if key is not None:
                    wanted.setdefault(key[0], {})[key[1]] = None
    found: dict[tuple[str, str], str] = {}
    for target, ids in wanted.items():
        listed = ", ".join(quote_text(each) for each in list(ids)[:MAX_PAGE])
        query = ListQuery(object=target, filter=f"id in [{listed}]", fields=("id",), limit=MAX_PAGE)
        try:
            found.update({(target, record.id): record.title for record in transaction.list(query).rows})
        except UnknownObject:  # its records may not be read, so they have no name here
            continue
    return found


def _key(field: FieldDef, value: object) -> tuple[str, str] | None:
    if field.relation is None or value is None:
        return None
    if isinstance(value, Ref):
        return value.object, value.id
    target = field.relation.single_target
    return (target, str(value)) if target is not None else None
