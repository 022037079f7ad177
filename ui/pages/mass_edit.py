"""`/o/{object}/edit-many`: one field of many records of a list is changed at once, and what became of each is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from engine.automation.foretelling import changed_with
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.records.hooks import SaveKind
from engine.records.mass_edit import FieldChange, How, edit_many, ways_of
from engine.records.saving.plan import save_plan
from engine.records.transaction import Transaction
from engine.records.types import BulkResult, FieldState
from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Option
from ui.pages.chosen_records import (
    SHOWN,
    ChosenRecords,
    ListedRecord,
    act_url,
    chosen_ids,
    chosen_records,
    listed_record,
    started_rules,
)
from ui.pages.chrome import toast
from ui.pages.findings import findings_text
from ui.pages.form_parts import FormInput, form_maker
from ui.pages.form_values import read_posted
from ui.pages.list_state import ListState, read_state
from ui.pages.offered import OfferedWriter
from ui.pages.rights import access_of, readable_object, user_formats
from ui.refused import note_caught, note_rows

blueprint = Blueprint("mass_edit", __name__)

_FIELD, _HOW = "fs-field", "fs-how"
_EMPTY = "fs-empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassEditPage:
    """The context `page` of templates/pages/mass_edit.html.

    empties: asks before the field is emptied.
    """

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    hidden: Mapping[str, str]
    fields: tuple[Option, ...]
    field: str
    ways: tuple[Option, ...]
    control: Markup | None
    chosen: ChosenRecords
    problem: str = ""
    refused: tuple[ListedRecord, ...] = ()
    rules: tuple[Option, ...] = ()
    empties: bool = False


@blueprint.get("/o/<object_name>/edit-many")
def choose_change(object_name: str) -> ResponseReturnValue:
    """Show the records of a list that a change would meet, and the control of the chosen field."""
    object_def, names = _editable(object_name)
    page = _page(object_def, names, read_state(object_def.key, request.args))
    return render_template("pages/mass_edit.html", page=page)


@blueprint.post("/o/<object_name>/edit-many")
def make_change(object_name: str) -> ResponseReturnValue:
    """Change the chosen records, or all that match."""
    object_def, names = _editable(object_name)
    state = read_state(object_def.key, request.form)
    name, how = request.form.get(_FIELD, ""), request.form.get(_HOW, "")
    if name and name not in names:
        raise AccessDenied("update", object_def.key, str(_("this field can't be changed now")))
    if not name or how not in ways_of(object_def, name):
        return redirect(mass_edit_url(state), 303)
    part, control = _control_of(object_def, name)
    value = read_posted((control,), request.form, user_formats()).values.get(control.name)
    if how == How.SET.value and value in (None, "", (), []) and not request.form.get(_EMPTY):
        page = _page(object_def, names, state, empties=True)
        return render_template("pages/mass_edit.html", page=page), 422
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            ids = chosen_ids(transaction, object_def, state)
            change = FieldChange(field=name, how=How(how), value=value)
            result = edit_many(transaction, object_def.key, ids, change)
            refused = _refused(transaction, object_def, result)
    except (ValidationFailed, RecordNotFound) as fault:
        note_caught(fault)
        errors = fault.errors if isinstance(fault, ValidationFailed) else ()
        page = _page(
            object_def, names, state, problem=findings_text(part, errors) or str(_("There is no such record."))
        )
        return render_template("pages/mass_edit.html", page=page), 422
    changed = sum(row.outcome in ("updated", "created") for row in result.rows)
    said = str(_("Changed: %(count)s.", count=f"{changed:,}"))
    if not refused:
        toast(said)
        return redirect(state.url(), 303)
    note_rows(object_def.key, (result.rows[at] for at in result.refused))
    said += " " + str(_("Refused: %(count)s.", count=f"{len(result.refused):,}"))
    page = _page(object_def, names, state, problem=said, refused=refused)
    return render_template("pages/mass_edit.html", page=page), 422


def mass_edit_url(state: ListState) -> str:
    """Give the address that changes the records of a list; "" for who may change none."""
    if not access_of().of(state.object).may("update"):
        return ""
    return act_url(state, "edit-many")


def _editable(object_name: str) -> tuple[ObjectDef, Sequence[str]]:
    """Give an object with the fields and lists of links that the person may change, in the object's order."""
    object_def = readable_object(object_name)
    names = (*_fields(object_def), *_links(object_def))
    if not names:
        raise AccessDenied("update", object_def.key, str(_("your roles do not allow it for this record")))
    return object_def, names


def _fields(object_def: ObjectDef) -> Iterator[str]:
    rights = access_of().of(object_def.key)
    if not rights.may("update"):
        return
    settable = save_plan(platform().records.parts(release()), object_def.key).settable
    for name, field in object_def.fields.items():
        if name in settable & rights.updatable and not holds_files(field) and not field.encrypted:
            yield name


def _links(object_def: ObjectDef) -> Iterator[str]:
    for name, inverse in object_def.inverses.items():
        if inverse.owned and inverse.other is not None and access_of().of(inverse.object).may("create"):
            yield name


def _control_of(object_def: ObjectDef, name: str) -> tuple[ObjectDef, FieldDef]:
    """Give the object and field whose control asks for the value: of links the field of the other side."""
    inverse = object_def.inverses.get(name)
    if name in object_def.fields or inverse is None or inverse.other is None:
        return object_def, object_def.fields[name]
    part = release().metamodel.objects[inverse.object]
    return part, part.fields[inverse.other]


def _control(object_def: ObjectDef, name: str) -> Markup:
    """Write the control of a field, with what was entered into it before a change was refused."""
    part, field = _control_of(object_def, name)
    with platform().records.reading(actor(), release=release()) as transaction:
        state = transaction.form_state(part.key, None, {})
        offered = {}
        if field.relation is not None:
            choices = {field.name: transaction.choices(part.key, field.name)}
            offered = dict(OfferedWriter().write(part, choices))
    options = field.choice.names if field.choice is not None else None
    verdict = FieldState(visible=True, required=False, readonly=False, options=options)
    fields = MappingProxyType({**state.fields, field.name: verdict})
    blank = replace(state, fields=fields, values={**state.values, field.name: None})
    typed = read_posted((field,), request.form, user_formats()).typed
    given = FormInput(typed=typed, offered=offered)
    made = form_maker(release(), part, user_formats()).make(None, blank, given, only=(field.name,))
    return made.controls


def _page(
    object_def: ObjectDef,
    names: Sequence[str],
    state: ListState,
    *,
    problem: str = "",
    refused: tuple[ListedRecord, ...] = (),
    empties: bool = False,
) -> MassEditPage:
    title = label_text(object_def.plural or object_def.label, language(), object_def.name)
    name = request.values.get(_FIELD, "")
    name = name if name in names else ""
    # A link is made beside the record, which stays as it is.
    chosen = chosen_records(object_def, state, None if name in object_def.inverses else SaveKind.UPDATED)
    words = {How.SET: _("Set to"), How.ADD: _("Add"), How.REMOVE: _("Remove")}
    ways = ways_of(object_def, name) if name else ()
    url = mass_edit_url(state)
    return MassEditPage(
        title=title,
        crumbs=(Crumb(label=title, href=state.url()), Crumb(label=str(_("Change many")))),
        url=url.partition("?")[0],
        list_url=state.url(),
        hidden={**state.hidden(), **chosen.hidden},
        fields=tuple(Option(value=each, label=_label(object_def, each), selected=each == name) for each in names),
        field=name,
        ways=tuple(
            Option(value=each.value, label=str(words[each]), selected=each == request.form.get(_HOW)) for each in ways
        ),
        control=_control(object_def, name) if name else None,
        chosen=chosen,
        problem=problem,
        refused=refused,
        rules=_rules(object_def, name),
        empties=empties,
    )


def _rules(object_def: ObjectDef, name: str) -> tuple[Option, ...]:
    """Say which rules a change of a field or list of links may start, and how often."""
    if not name:
        return ()
    inverse = object_def.inverses.get(name)
    kinds: tuple[SaveKind, ...]
    if name in object_def.fields or inverse is None:
        key, kinds, names = object_def.key, (SaveKind.UPDATED,), [name]
    else:
        part = release().metamodel.objects[inverse.object]
        key, kinds, names = part.key, (SaveKind.CREATED, SaveKind.DELETED), list(part.fields)
    changed = changed_with(platform().records.parts(release()), key, names)
    return started_rules(key, kinds, changed)


def _label(object_def: ObjectDef, name: str) -> str:
    if name in object_def.fields:
        return label_text(object_def.fields[name].label, language(), name)
    part = release().metamodel.objects[object_def.inverses[name].object]
    return label_text(part.label, language(), name)


def _refused(transaction: Transaction, object_def: ObjectDef, result: BulkResult) -> tuple[ListedRecord, ...]:
    """Give what is told of the first refused records, as far as they may be read."""
    rows = {row.id: row for row in (result.rows[at] for at in result.refused[:SHOWN]) if row.id is not None}
    titles = transaction.reader.titles((object_def.key, each) for each in rows)
    return tuple(
        listed_record(object_def, record_id, title, findings_text(object_def, rows[record_id].errors))
        for (_key, record_id), title in titles.items()
    )
