"""Comparing two versions of a record, and putting back what its fields were: one change of the history or a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.errors import ConfirmationNeeded, FieldError, StaleVersion, ValidationFailed
from engine.records.record_state import record_state
from engine.records.reverting import Revert, RevertStep, plan_revert, revert
from engine.records.transaction import Transaction
from engine.records.types import HistoryEntry
from engine.records.versions import Difference, compare_versions
from metamodel.fields import FieldDef
from metamodel.masks import MASK
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb, Option
from ui.pages.chrome import toast
from ui.pages.findings import finding_text, warning_codes, warning_texts
from ui.pages.history import action_words, who_changed
from ui.pages.record_names import Titles, named_text, record_key
from ui.pages.rights import readable_object, user_formats
from ui.refused import note_caught
from ui.whole_numbers import whole_number

blueprint = Blueprint("versions", __name__)

CONFIRM = "fs-confirm"
_FIELD = "fs-field"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    """One field that differs; hidden: it was changed, and the person may not see how."""

    label: str
    before: str
    after: str
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """The context `page` of templates/pages/compare.html. revert_url: puts back the first version, "" = may not."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    cancel_url: str
    befores: tuple[Option, ...]
    afters: tuple[Option, ...]
    rows: tuple[ComparedRow, ...]
    before: int
    after: int
    revert_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertRow:
    """One field of a revert. reason: why it can't be put back, "" where it can. since: who changed it after that."""

    name: str
    label: str
    now: str
    then: str
    reason: str
    since: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertPage:
    """The context `page` of templates/pages/revert.html. hidden: what the form sends again."""

    title: str
    lead: str
    crumbs: tuple[Crumb, ...]
    action: str
    cancel_url: str
    hidden: tuple[tuple[str, str], ...]
    rows: tuple[RevertRow, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    codes: str
    open: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """What the save said of an attempt: the fields that were chosen, and what stands against them."""

    chosen: Sequence[str]
    errors: Sequence[FieldError] = ()
    warnings: Sequence[FieldError] = ()


@blueprint.get("/o/<object_name>/<record_id>/compare")
def compare(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show what differs between two versions."""
    object_def, formats = readable_object(object_name), user_formats()
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id, fields=("version",))
        after = _number(request.args, "to") or record.version
        before = _number(request.args, "from") or max(after - 1, 1)
        found = compare_versions(transaction, object_def, record_id, before, after)
        titles = _titles(transaction, object_def, ((each.field, (each.before, each.after)) for each in found))
        entries = transaction.history(object_def.key, record_id)
        may_update = record_state(transaction, object_def.key, record_id).may_update
    url = _url(object_def, record_id)
    page = ComparePage(
        title=record.title or str(_("Without a name")),
        crumbs=_crumbs(object_def, record_id, record.title, str(_("Compare versions"))),
        url=f"{url}/compare",
        cancel_url=url,
        befores=tuple(_versions(entries, before, formats)),
        afters=tuple(_versions(entries, after, formats)),
        rows=tuple(_compared(object_def.fields[each.field], each, titles, formats) for each in found),
        before=before,
        after=after,
        revert_url=f"{url}/revert?{urlencode({'to': before})}" if may_update and before < record.version else "",
    )
    return render_template("pages/compare.html", page=page)


@blueprint.get("/o/<object_name>/<record_id>/revert")
def show_revert(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show what would be put back, what has changed since, and what can't be put back."""
    return _show(readable_object(object_name), record_id, _asked(request.args, ()), None)


@blueprint.post("/o/<object_name>/<record_id>/revert")
def revert_fields(object_name: str, record_id: str) -> ResponseReturnValue:
    """Put back the chosen fields; what stands against them comes back with the choice."""
    object_def, given = readable_object(object_name), request.form
    chosen = tuple(given.getlist(_FIELD))
    asked, url = _asked(given, chosen), _url(object_def, record_id)
    if not chosen:
        text = str(_("Choose at least one field."))
        return _show(object_def, record_id, asked, _Told((), errors=[FieldError(code="required", message=text)]))
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            confirm = tuple(given.get(CONFIRM, "").split(","))
            version = _number(given, "version")
            done = revert(transaction, object_def, record_id, asked, version=version, confirm=confirm)
    except ValidationFailed as refused:
        note_caught(refused)
        return _show(object_def, record_id, asked, _Told(chosen, errors=refused.errors))
    except ConfirmationNeeded as needed:
        return _show(object_def, record_id, asked, _Told(chosen, warnings=needed.warnings))
    except StaleVersion:
        toast(_("Somebody else saved this record meanwhile; please look again."), "warning")
        return redirect(f"{url}/revert?{urlencode(_again(asked))}", 303)
    labels = (label_text(object_def.fields[name].label, language(), name) for name in done.fields)
    toast(_("Put back: %(fields)s.", fields=_(", ").join(labels)))
    return redirect(url, 303)


def _show(object_def: ObjectDef, record_id: str, asked: Revert, told: _Told | None) -> ResponseReturnValue:
    formats = user_formats()
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id, fields=("version",))
        whole = Revert(entry=asked.entry, version=asked.version, fields=asked.fields if told is None else ())
        steps = plan_revert(transaction, object_def, record_id, whole)
        titles = _titles(transaction, object_def, ((step.field, (step.now, step.then)) for step in steps))
    errors = told.errors if told is not None else ()
    reasons = {each.field or "": each.message for each in reversed(errors)}
    rows = tuple(_row(object_def.fields[step.field], step, titles, formats, reasons, told) for step in steps)
    names = {row.name for row in rows}
    url = _url(object_def, record_id)
    lead = (
        _("As it was at version %(version)s.", version=asked.version)
        if asked.version
        else _("As it was before this change.")
    )
    page = RevertPage(
        title=record.title or str(_("Without a name")),
        lead=str(lead),
        crumbs=_crumbs(object_def, record_id, record.title, str(_("Put back"))),
        action=f"{url}/revert",
        cancel_url=url,
        hidden=(("version", str(record.version)), *((name, str(value)) for name, value in _again(asked).items())),
        rows=rows,
        problems=tuple(finding_text(object_def, each) for each in errors if each.field not in names),
        warnings=warning_texts(told.warnings) if told is not None else (),
        codes=warning_codes(told.warnings) if told is not None else "",
        open=any(not step.refused for step in steps),
    )
    return render_template("pages/revert.html", page=page), 200 if told is None else 422


def _row(
    field: FieldDef,
    step: RevertStep,
    titles: Titles,
    formats: Formats,
    reasons: Mapping[str, str],
    told: _Told | None,
) -> RevertRow:
    since = ""
    if step.since is not None:
        who = step.since.actor_title or str(_("the system"))
        since = str(_("Changed since by %(who)s, %(when)s", who=who, when=formats.datetime(step.since.at)))
    return RevertRow(
        name=field.name if not step.refused else "",
        label=label_text(field.label, formats.language, field.name),
        now=MASK if step.masked else named_text(field, step.now, titles, formats),
        then=MASK if step.masked else named_text(field, step.then, titles, formats),
        reason=step.refused or reasons.get(field.name, ""),
        since=since,
        # What was changed since is put back only by whoever chooses it.
        chosen=field.name in told.chosen if told is not None else step.since is None,
    )


def _compared(field: FieldDef, found: Difference, titles: Titles, formats: Formats) -> ComparedRow:
    return ComparedRow(
        label=label_text(field.label, formats.language, field.name),
        before=MASK if found.masked else named_text(field, found.before, titles, formats),
        after=MASK if found.masked else named_text(field, found.after, titles, formats),
        hidden=found.masked,
    )


def _versions(entries: Sequence[HistoryEntry], chosen: int, formats: Formats) -> Iterator[Option]:
    newest = {entry.version: entry for entry in reversed(entries) if entry.version}
    for version, entry in sorted(newest.items(), reverse=True):
        label = f"{version} · {formats.datetime(entry.at)} · {who_changed(entry)} · {action_words(entry)}"
        yield Option(value=str(version), label=label, selected=version == chosen)
    if chosen not in newest:
        yield Option(value=str(chosen), label=str(chosen), selected=True)


def _titles(
    transaction: Transaction, object_def: ObjectDef, values: Iterable[tuple[str, tuple[object, object]]]
) -> Titles:
    keys = (record_key(object_def.fields[name], each) for name, pair in values for each in pair)
    return transaction.reader.titles(key for key in keys if key is not None)


def _asked(given: MultiDict[str, str], fields: tuple[str, ...]) -> Revert:
    entry, version = _number(given, "entry"), _number(given, "to")
    return Revert(entry=entry, version=version if entry is None else None, fields=fields)


def _again(asked: Revert) -> dict[str, int]:
    given = {"entry": asked.entry, "to": asked.version}
    return {name: number for name, number in given.items() if number is not None}


def _number(given: MultiDict[str, str], name: str) -> int | None:
    text = given.get(name, "")
    return whole_number(text)


def _url(object_def: ObjectDef, record_id: str) -> str:
    return f"/o/{quote(object_def.key)}/{quote(record_id)}"


def _crumbs(object_def: ObjectDef, record_id: str, title: str, last: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    listed = Crumb(label=plural, href=f"/o/{quote(object_def.key)}")
    return listed, Crumb(label=title, href=_url(object_def, record_id)), Crumb(label=last)
