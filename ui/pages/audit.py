"""The audit log for those with the right `view_audit`: the list with its filters, one entry, and the proof of seals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from engine.audit.entries import AuditEntry, AuditFilter, AuditPage
from engine.audit.verifying import Damage, Finding
from metamodel.objects import ObjectDef
from ui.audit_filter import FilterUnclear, read_filter
from ui.context import actor, platform, release
from ui.page_parts import Change, Crumb, Option
from ui.pages.audit_words import AuditRow, abouts, action_words, audit_row, entry_changes, origin_words
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats

blueprint = Blueprint("audit", __name__)

ADDRESS = "/admin/audit"
_SIZE = 50
_PROVED_HERE = 50_000
"""How many of the newest entries the page compares with their seals; the command line compares all."""
_FILTERS = ("object", "record", "actor", "action", "origin", "since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditListPage:
    """The context `page` of templates/pages/audit.html. unclear: why a filter was not understood."""

    rows: tuple[AuditRow, ...]
    given: Mapping[str, str]
    objects: tuple[Option, ...]
    actions: tuple[Option, ...]
    origins: tuple[Option, ...]
    unclear: str
    sealed_to: int
    next_url: str
    first_url: str
    is_filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntryPage:
    """The context `page` of templates/pages/audit_entry.html. facts: what else is known, by label."""

    crumbs: tuple[Crumb, ...]
    row: AuditRow
    facts: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    hidden: int
    is_sealed: bool
    run_url: str
    rule: str


@blueprint.get(ADDRESS)
def list_entries() -> ResponseReturnValue:
    """Show entries, the newest first, narrowed as the address says."""
    given = {name: request.args[name].strip() for name in _FILTERS if request.args.get(name, "").strip()}
    log, unclear, formats = platform().audit.log, "", user_formats()
    log.require(actor())
    try:
        which = read_filter({**given, "before": request.args.get("before", "")}, release().metamodel)
        found = log.list(actor(), which, limit=_SIZE)
    except FilterUnclear as fault:
        which, found, unclear = AuditFilter(), AuditPage(rows=()), _unclear(fault)
    objects = abouts(tuple(release().metamodel.objects.values()), formats)
    page = AuditListPage(
        rows=tuple(audit_row(each, _object(each), formats) for each in found.rows),
        given=given,
        objects=_options(dict(sorted(objects.items(), key=lambda item: item[1])), given.get("object")),
        actions=_options(action_words(), given.get("action")),
        origins=_options(origin_words(), given.get("origin")),
        unclear=unclear,
        sealed_to=next((each.id for each in found.rows if each.is_sealed), 0),
        next_url=f"{ADDRESS}?{urlencode({**given, 'before': found.before})}" if found.before else "",
        first_url=f"{ADDRESS}?{urlencode(given)}" if which.before else "",
        is_filtered=bool(given),
    )
    return render_template("pages/audit.html", page=page)


@blueprint.get(f"{ADDRESS}/<int:entry>")
def show_entry(entry: int) -> ResponseReturnValue:
    """Show one entry with what was before and after."""
    found, formats = platform().audit.log.show(actor(), entry), user_formats()
    object_def = _object(found)
    with platform().records.reading(actor(), release=release()) as transaction:
        changes = entry_changes(transaction, found, object_def, formats)
    row = audit_row(found, object_def, formats)
    page = AuditEntryPage(
        crumbs=(Crumb(label=str(_("Audit log")), href=ADDRESS), Crumb(label=str(found.id))),
        row=row,
        facts=_facts(found, row),
        changes=changes,
        hidden=found.hidden,
        is_sealed=found.is_sealed,
        run_url=f"/runs/{found.run}" if found.run and access_of().has_right("view_runs") else "",
        rule=found.rule or "",
    )
    return render_template("pages/audit_entry.html", page=page)


@blueprint.post(f"{ADDRESS}/verify")
def verify() -> ResponseReturnValue:
    """Seal what can be sealed and compare the newest entries with their seals."""
    audit = platform().audit
    audit.log.require(actor())
    audit.sealer.seal()
    found = audit.verifier.verify(newest=_PROVED_HERE)
    if found.finding is not None:
        toast(_finding_words(found.finding), "error")
    else:
        toast(
            ngettext(
                "%(num)d entry is as it was sealed, up to entry %(last)d.",
                "%(num)d entries are as they were sealed, up to entry %(last)d.",
                found.checked,
                last=found.sealed_to,
            )
        )
    return redirect(ADDRESS, 303)


def _facts(entry: AuditEntry, row: AuditRow) -> tuple[tuple[str, str], ...]:
    told = (
        (_("Entrance"), row.origin),
        (_("Address"), entry.address or ""),
        (_("Request"), entry.request_id or ""),
        (_("Logged in by"), row.on_behalf),
        (_("Record"), "" if row.record else entry.record_id or ""),
        (_("Version"), str(entry.version or "")),
        (_("Release"), str(entry.release or "")),
        (_("Step"), entry.step or ""),
    )
    return tuple((str(label), value) for label, value in told if value)


def _finding_words(finding: Finding) -> str:
    number = finding.entry
    words = {
        Damage.CHANGED: _("Entry %(number)d was changed after it was sealed.", number=number),
        Damage.REMOVED: _("Entry %(number)d was removed after it was sealed.", number=number),
        Damage.INSERTED: _("Entry %(number)d was inserted among sealed ones.", number=number),
        Damage.REORDERED: _("Entry %(number)d stands at another place than when it was sealed.", number=number),
        Damage.SEAL_CHANGED: _("The seal of the block that begins with entry %(number)d was changed.", number=number),
        Damage.SEAL_REMOVED: _("The seal of the block after entry %(number)d was removed.", number=number),
    }
    return str(words[finding.damage])


def _unclear(fault: FilterUnclear) -> str:
    words = {
        "record": _("This is not the id of a record."),
        "since": _("This is not a date."),
        "until": _("This is not a date."),
    }
    return str(words.get(fault.name, _("This filter is not known.")))


def _options(words: Mapping[str, str], chosen: str | None) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=label, selected=value == chosen) for value, label in words.items())


def _object(entry: AuditEntry) -> ObjectDef | None:
    return release().metamodel.objects.get(entry.object)
