"""Entries of the audit log in words: what was done, by which entrance, and what was before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from flask_babel import gettext as _
from flask_babel import pgettext

from engine.access.actor import Origin
from engine.audit.entries import ABOUT_NO_FIELD, REFUSED, AuditEntry
from engine.records.history import history_value
from engine.records.transaction import Transaction
from metamodel.masks import MASK
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import Change
from ui.pages.record_names import named_text, record_key

_COLORS = {"created": "green", "updated": "blue", "deleted": "red", "restored": "amber", REFUSED: "red"}
_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry in a list; about: what it is about, fields: what it says something of."""

    id: int
    href: str
    who: str
    on_behalf: str
    action: str
    color: str
    about: str
    record: str
    record_url: str
    fields: str
    origin: str
    iso: str
    when: str


def action_words() -> dict[str, str]:
    """Give the words for actions."""
    return {
        "created": str(_("Created")),
        "updated": str(_("Changed")),
        "deleted": str(_("Deleted")),
        "restored": str(_("Restored")),
        "merged": str(_("Merged")),
        "converted": str(_("Converted")),
        "shared": str(_("Shared")),
        "unshared": str(_("No longer shared")),
        "exported": str(_("Exported")),
        "revealed": str(_("Revealed")),
        "erased": str(_("Erased")),
        "archived": str(_("Archived")),
        "held": str(_("Put under legal hold")),
        "hold_ended": str(_("Legal hold ended")),
        "stopped": str(_("Pending step stopped")),
        REFUSED: str(_("Access refused")),
        "published": str(_("Release published")),
        "signed_in": str(_("Logged in")),
        "sign_in_refused": str(_("Log-in refused")),
        "signed_out": str(_("Logged out")),
        "roles_set": str(_("Roles changed")),
        "roles_ended": str(_("Roles ended")),
        "roles_lost": str(_("Roles lost with a release")),
        "access_asked": str(_("Access asked for")),
        "access_granted": str(_("Access given")),
        "access_refused": str(_("Request for access refused")),
        "token_narrowed": str(_("Token lost scopes with a release")),
        "password_set": str(_("Password changed")),
        "token_made": str(_("Token made")),
        "token_revoked": str(_("Token revoked")),
        "switched_off": str(_("Switched off")),
        "switched_on": str(_("Switched on")),
        "sent_again": str(_("Sent again")),
        "asked_to_run": str(_("Asked to run")),
        "asked_to_compare": str(_("Asked to compare")),
    }


def origin_words() -> dict[str, str]:
    """Give the words for entrances."""
    return {
        Origin.PAGE: str(pgettext("entrance", "Page")),
        Origin.API: str(pgettext("entrance", "API")),
        Origin.CLI: str(pgettext("entrance", "Command line")),
        Origin.IMPORT: str(pgettext("entrance", "Import")),
        Origin.FORM: str(pgettext("entrance", "Form")),
        Origin.RULE: str(pgettext("entrance", "Rule")),
        Origin.CONNECTOR: str(pgettext("entrance", "Connector")),
        Origin.SYSTEM: str(pgettext("entrance", "System")),
    }


def audit_row(entry: AuditEntry, object_def: ObjectDef | None, formats: Formats) -> AuditRow:
    """Make the row of an entry."""
    named = _named_by(entry, object_def)
    fields = [_label(named, each.name, formats) for each in entry.changes]
    return AuditRow(
        id=entry.id,
        href=f"/admin/audit/{entry.id}",
        who=entry.actor_name or str(pgettext("actor", "System")),
        on_behalf=entry.on_behalf or "",
        action=action_words().get(entry.action, entry.action),
        color=_COLORS.get(entry.action, "gray"),
        about=_about(entry, object_def, formats),
        record=entry.title or "",
        record_url=f"/o/{quote(entry.object)}/{quote(entry.record_id)}" if entry.title and entry.record_id else "",
        fields=", ".join(fields),
        origin=origin_words().get(entry.origin, entry.origin),
        iso=entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(entry.at),
    )


def entry_changes(
    transaction: Transaction, entry: AuditEntry, object_def: ObjectDef | None, formats: Formats
) -> tuple[Change, ...]:
    """Give what was before and after, records by their titles."""
    object_def = _named_by(entry, object_def)
    if object_def is None:
        return tuple(
            Change(label=_label(None, each.name, formats), old=_plain(each.old), new=_plain(each.new))
            for each in entry.changes
        )
    fields, typed = object_def.fields, {}
    for each in entry.changes:
        if not each.masked and each.name in fields:
            pair = (each.old, each.new)
            typed[each.name] = [history_value(transaction, value, fields[each.name]) for value in pair]
    keys = (record_key(fields[name], value) for name, pair in typed.items() for value in pair)
    titles = transaction.reader.titles(key for key in keys if key is not None)
    found = []
    for each in entry.changes:
        label = _label(object_def, each.name, formats)
        if each.masked:
            found.append(Change(label=label, old="", new=MASK))
        elif each.name in typed:
            old, new = (named_text(fields[each.name], value, titles, formats) for value in typed[each.name])
            found.append(Change(label=label, old=old, new=new))
        else:
            found.append(Change(label=label, old=_plain(each.old), new=_plain(each.new)))
    return tuple(found)


def abouts(objects: Sequence[ObjectDef], formats: Formats) -> dict[str, str]:
    """Give what entries can be about: objects, and what is none."""
    own = {
        "fs_account": str(_("Accounts")),
        "fs_access": str(_("Access")),
        "fs_release": str(_("Releases")),
        "fs_setting": str(_("Settings of the apps")),
        "fs_rule": str(_("Rules")),
        "fs_audit": str(_("Audit log")),
        "fs_webhook": str(_("Webhooks")),
        "fs_connector": str(_("Connectors")),
    }
    return {each.key: label_text(each.label, formats.language, each.name) for each in objects} | own


def _about(entry: AuditEntry, object_def: ObjectDef | None, formats: Formats) -> str:
    return abouts((object_def,) if object_def is not None else (), formats).get(entry.object, entry.object)


def _named_by(entry: AuditEntry, object_def: ObjectDef | None) -> ObjectDef | None:
    """Give the object whose fields the changes of an entry are, if they are fields."""
    return None if entry.action in ABOUT_NO_FIELD else object_def


def _label(object_def: ObjectDef | None, name: str, formats: Formats) -> str:
    field = object_def.fields.get(name) if object_def is not None else None
    return label_text(field.label, formats.language, field.name) if field is not None else _fact_words().get(name, name)


def _fact_words() -> dict[str, str]:
    return {
        "address": str(_("Address")),
        "path": str(_("Path")),
        "method": str(_("Method")),
        "command": str(_("Command")),
        "code": str(_("Code")),
        "asked": str(_("Asked for")),
        "field": str(_("Field")),
        "files": str(_("Files")),
        "rows": str(_("Refused rows")),
        "records": str(_("Their records")),
        "release": str(_("Release")),
        "comment": str(_("Comment")),
        "roles": str(_("Roles")),
    }


def _plain(value: object) -> str:
    if value is None:
        return ""
    return (value if isinstance(value, str) else orjson.dumps(value, default=str).decode())[:_LONGEST]
