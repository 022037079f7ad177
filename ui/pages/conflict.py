"""The page of a conflict: mine, theirs and the original of each field that both changed, to be chosen one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.errors import RecordNotFound, UnknownObject
from engine.records.types import FormState
from engine.records.versions import may_have_changed
from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef
from metamodel.masks import MASK
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Change, ConflictRow, Crumb
from ui.pages.controls import CURRENCY_SUFFIX, read_form
from ui.pages.form_parts import FormInput, form_id, form_maker
from ui.pages.form_values import BACK, WAS, PostedForm
from ui.pages.values import shown_value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictPage:
    """The context `page` of templates/pages/conflict.html.

    rows: fields that both changed. theirs: what only the other person changed; it stays. mine: labels of what only I
    changed; it will be saved. hidden: what the form posts again.
    """

    form_id: str
    action: str
    cancel_url: str
    crumbs: tuple[Crumb, ...]
    who: str
    rows: tuple[ConflictRow, ...]
    theirs: tuple[Change, ...]
    mine: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...]


Before = Mapping[str, str]
"""What plain fields were when the form was opened, as they are shown."""


def conflict_page(
    object_def: ObjectDef, record_id: str, posted: PostedForm, current_version: int, formats: Formats
) -> ConflictPage:
    """Make the page from what was posted and what the record is now."""
    with platform().records.reading(actor(), release=release()) as transaction:
        now = transaction.form_state(object_def.key, record_id, {})
        mine = transaction.form_state(object_def.key, record_id, posted.chosen)
        # What is masked looks the same before and after: the history tells whether somebody changed it.
        unseen = may_have_changed(transaction, object_def, record_id, now.masked, posted.version or 0)
        started = _started(object_def, posted, formats)
        state = transaction.form_state(object_def.key, record_id, started)
    before = {name: _text(object_def.fields[name], state, formats) for name in started}
    # What was posted is compared, whichever layout the record has by now.
    posted_fields = tuple(posted.was) or ("",)
    starts = form_maker(release(), object_def, formats).make(record_id, now, FormInput(), only=posted_fields).was
    moved = [name for name, text in posted.was.items() if name in unseen or starts.get(name, text) != text]
    both = [name for name in posted.chosen if name in moved]
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    fields = object_def.fields
    return ConflictPage(
        form_id=form_id(object_def, record_id),
        action=f"{url}/edit",
        cancel_url=url,
        crumbs=(
            Crumb(label=label_text(object_def.plural or object_def.label, language(), object_def.name), href=url),
            Crumb(label=str(_("Conflict"))),
        ),
        who=now.titles.get("modified_by") or str(_("somebody else")),
        rows=tuple(_row(fields[name], posted, mine, now, before, formats) for name in both),
        theirs=tuple(
            Change(
                label=_label(fields[name], formats),
                old=_original(fields[name], posted, now, before, formats),
                new=_text(fields[name], now, formats),
            )
            for name in moved
            if name not in both
        ),
        mine=tuple(_label(fields[name], formats) for name in posted.chosen if name not in both),
        hidden=(("version", str(current_version)), (BACK, posted.back), *_again(posted, starts)),
    )


def _again(posted: PostedForm, starts: object) -> tuple[tuple[str, str], ...]:
    assert isinstance(starts, dict)
    found: list[tuple[str, str]] = []
    for name in posted.chosen:
        found.append((name, posted.typed[name]))
        if name + CURRENCY_SUFFIX in posted.typed:
            found.append((name + CURRENCY_SUFFIX, posted.typed[name + CURRENCY_SUFFIX]))
        found.append((WAS + name, starts.get(name, "")))
    return tuple(found)


def _row(
    field: FieldDef, posted: PostedForm, mine: FormState, now: FormState, before: Before, formats: Formats
) -> ConflictRow:
    # Over a mask the form shows no value of mine either.
    typed = _of_control(field, posted.typed[field.name], formats) if field.name in now.masked else None
    return ConflictRow(
        name=field.name,
        label=_label(field, formats),
        mine=_text(field, mine, formats) if typed is None else typed,
        theirs=_text(field, now, formats),
        original=_original(field, posted, now, before, formats),
    )


def _text(field: FieldDef, state: FormState, formats: Formats) -> str:
    if field.name in state.masked:
        return state.masked[field.name]
    return shown_value(field, state.values.get(field.name), state.titles.get(field.name), formats).text


def _started(object_def: ObjectDef, posted: PostedForm, formats: Formats) -> dict[str, object]:
    """Read what the controls started with, as if it had been typed."""
    given: MultiDict[str, str] = MultiDict()
    for name, text in posted.was.items():
        field = object_def.fields.get(name)
        if field is not None and _is_plain(field):
            amount, _space, currency = text.partition(" ") if field.value_type == "money" else (text, "", "")
            given[name] = amount
            if currency:
                given[name + CURRENCY_SUFFIX] = currency
    return read_form(tuple(object_def.fields.values()), given, formats)


def _is_plain(field: FieldDef) -> bool:
    """Say whether what a control starts with is its value as one types it, and neither a name nor an id."""
    return field.choice is None and field.relation is None and field.value_type != "boolean" and not holds_files(field)


def _original(field: FieldDef, posted: PostedForm, now: FormState, before: Before, formats: Formats) -> str:
    if field.name in now.masked:
        return MASK
    return before.get(field.name) or _of_control(field, posted.was[field.name], formats)


def _of_control(field: FieldDef, text: str, formats: Formats) -> str:
    """Give the text of a control as people read it."""
    if not text:
        return ""
    if field.choice is not None:
        option = field.choice.option(text)
        return label_text(option.label, formats.language, option.name) if option is not None else text
    if field.value_type == "boolean":
        return str(_("Yes"))
    if holds_files(field):
        return ", ".join(platform().files.names(actor(), text.split(",")))
    if field.relation is None:
        return text
    target, _colon, record_id = text.rpartition(":")
    try:
        target = target or field.relation.targets[0]
        return platform().records.get(actor(), target, record_id, fields=("id",)).title
    except (RecordNotFound, UnknownObject):
        return "–"


def _label(field: FieldDef, formats: Formats) -> str:
    return label_text(field.label, formats.language, field.name)
