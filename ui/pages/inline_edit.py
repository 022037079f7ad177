"""`/o/{object}/{id}/field/{field}`: one field changed where it stands, in a cell of a list or on the record page.

The controls are the form's and the save is the door's: a refused one comes back with what was typed, and with the
fields that it lacks. Without scripts the address is a small page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, FieldError, RecordNotFound
from engine.records.types import FormState, Lookups, Saved
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chrome import toast, toast_infos
from ui.pages.controls import control_id
from ui.pages.findings import Refusal, save_some, warning_codes, warning_texts
from ui.pages.form_parts import FormInput, FormParts, form_maker
from ui.pages.form_values import PostedForm, form_fields, is_edited_in_place, read_posted, with_strangers
from ui.pages.fragments import is_htmx, render_block, saved_trigger
from ui.pages.list_plan import list_plan
from ui.pages.list_state import chosen_view, read_state
from ui.pages.offered import Offered, OfferedWriter
from ui.pages.record_list import show_list
from ui.pages.record_page import make_record_page
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.totals import total_text
from ui.pages.values import shown_value
from ui.written import html_text

blueprint = Blueprint("inline_edit", __name__)

PLACE = "fs-place"
_ASKED_FROM = (PLACE, "view", "filter", "q", "sort", "columns", "density", "group", "size", "saved", "cursor", "count")
_TEMPLATE = "pages/inline_edit.html"
_LIST = "#list-body"
_TOTALS = ("list-total", "list-total-foot")


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineEdit:
    """The context `page` of templates/pages/inline_edit.html.

    action: with the place that it was asked for from. note: what happened meanwhile. stored: what the field still is
    after a refusal. warnings, codes: what a person
    must confirm, and the codes that confirm it.
    """

    form_id: str
    title: str
    action: str
    cancel_url: str
    crumbs: tuple[Crumb, ...]
    parts: FormParts
    version: str
    note: str = ""
    stored: str = ""
    warnings: tuple[str, ...] = ()
    codes: str = ""


@blueprint.get("/o/<object_name>/<record_id>/field/<field_name>")
def show_field(object_name: str, record_id: str, field_name: str) -> ResponseReturnValue:
    """Show the control of one field of a record."""
    object_def = readable_object(object_name)
    field = _field(object_def, field_name)
    state = platform().records.form_state(actor(), object_def.key, record_id, {})
    if field.name not in state.fields:
        abort(404)
    if state.fields[field.name].readonly or not state.fields[field.name].visible:
        raise AccessDenied("update", object_def.key, str(_("this field can't be changed now")))
    return _answer(_page(object_def, field, record_id, state, None, Refusal()))


@blueprint.post("/o/<object_name>/<record_id>/field/<field_name>")
def save_field(object_name: str, record_id: str, field_name: str) -> ResponseReturnValue:
    """Save one field of a record, with those that it was refused for before."""
    object_def = readable_object(object_name)
    field = _field(object_def, field_name)
    fields = form_fields(object_def)
    posted = with_strangers(read_posted(fields, request.form, user_formats()), fields, request.form)
    saved = save_some(object_def, record_id, posted.changed, posted)
    if isinstance(saved, Saved):
        return _saved(object_def, record_id, saved)
    state = platform().records.form_state(actor(), object_def.key, record_id, posted.changed)
    page = _page(object_def, field, record_id, state, posted, saved)
    return _answer(page, 409 if saved.version is not None else 422)


def _field(object_def: ObjectDef, name: str) -> FieldDef:
    """Give the field of an address; one that may not be read is as absent as one that is not there."""
    field = object_def.fields.get(name)
    if field is None or name not in access_of().of(object_def.key).shown or not is_edited_in_place(field):
        abort(404)
    return field


def _saved(object_def: ObjectDef, record_id: str, saved: Saved) -> ResponseReturnValue:
    place, url = request.args.get(PLACE, ""), f"/o/{quote(object_def.key)}/{quote(record_id)}"
    if not is_htmx() or place not in ("list", "record"):
        toast(_("Saved"))
        toast_infos(saved)
        return redirect(url, 303)
    if place == "list" and request.args.get("group"):
        # The record may stand in another group now, and the heads have other figures.
        answer = make_response(show_list(object_def.key))
        answer.headers.update({"HX-Retarget": _LIST, "HX-Reswap": "morph:outerHTML", "HX-Reselect": _LIST})
        answer.headers["HX-Trigger"] = saved_trigger(saved)
        return answer
    if place == "list":
        target, swap, text = f"#record-{object_def.key}-{record_id}", "outerHTML", _row(object_def, record_id)
    else:
        target, swap, text = "#main", "morph:outerHTML", _whole_page(object_def, record_id)
    answer = Response(text)
    answer.headers.update({"HX-Retarget": target, "HX-Reswap": swap, "HX-Reselect": target})
    answer.headers["HX-Trigger"] = saved_trigger(saved)
    return answer


def _row(object_def: ObjectDef, record_id: str) -> str:
    """Write the record's row as the list shows it, and the list's total; a record that may not be read has no row."""
    state, formats = read_state(object_def.key, request.args), user_formats()
    view = chosen_view(object_def, state, access_of().roles)
    plan = list_plan(release(), access_of(), object_def, view, formats, state.paths, select=True)
    with platform().records.reading(actor(), release=release()) as transaction:
        total = html_text(total_text(transaction, plan, state, formats))
        totals = [f'<strong class="num" id="{name}" hx-swap-oob="true">{total}</strong>' for name in _TOTALS if total]
        try:
            record = transaction.get(object_def.key, record_id, fields=plan.paths)
        except RecordNotFound:
            return "".join(totals)
    # A row stands nowhere but in a table; the answer's header names the part that is taken.
    return f"<table><tbody>{plan.write_rows((record,))}</tbody></table>{''.join(totals)}"


def _whole_page(object_def: ObjectDef, record_id: str) -> str:
    try:
        return render_template("pages/record.html", page=make_record_page(object_def, record_id, user_formats()))
    except RecordNotFound:
        gone = _("You can’t see this record any more.")
        return f'<main id="main" class="content"><p class="soft">{html_text(str(gone))}</p></main>'


def _answer(page: InlineEdit, status: int = 200) -> ResponseReturnValue:
    if is_htmx():
        return render_block(_TEMPLATE, "inline_form", page=page), status
    return render_template(_TEMPLATE, page=page), status


def _page(
    object_def: ObjectDef,
    field: FieldDef,
    record_id: str,
    state: FormState,
    posted: PostedForm | None,
    refusal: Refusal,
) -> InlineEdit:
    names = _asked(field, state, posted, refusal.errors)
    given = FormInput(
        typed=posted.typed if posted is not None else {},
        errors=refusal.errors,
        was=posted.was if posted is not None else {},
        offered={} if is_htmx() else _offered(object_def, state, names),
    )
    parts = form_maker(release(), object_def, user_formats()).make(record_id, state, given, only=names)
    label = label_text(field.label, language(), field.name)
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    kept = posted.version if posted is not None else state.values.get("version")
    return InlineEdit(
        form_id=control_id("inline-" + object_def.key, record_id, field.name),
        title=str(_("Change %(field)s", field=label)),
        action=f"{url}/field/{quote(field.name)}" + _asked_from(),
        cancel_url=url,
        crumbs=(Crumb(label=state.title or str(_("Record")), href=url), Crumb(label=label)),
        parts=parts,
        version=str((refusal.version if refusal.version is not None else kept) or ""),
        note=_stale_note(object_def, field, record_id) if refusal.version is not None else "",
        stored=_stored(object_def, field, record_id) if refusal.errors or refusal.warnings else "",
        warnings=warning_texts(refusal.warnings),
        codes=warning_codes(refusal.warnings),
    )


def _asked(
    field: FieldDef, state: FormState, posted: PostedForm | None, errors: Sequence[FieldError]
) -> tuple[str, ...]:
    """Give the fields to show: the one that is changed, those typed before, and those it is refused for."""
    found = {field.name: None, **({name: None for name in posted.values} if posted is not None else {})}
    for each in errors:
        verdict = state.fields.get(each.field or "")
        if each.field and verdict is not None and not verdict.readonly:
            found[each.field] = None
    return tuple(found)


def _offered(object_def: ObjectDef, state: FormState, names: Sequence[str]) -> Offered:
    """Give what lookups among the fields offer to people without scripts."""
    lookups = tuple(name for name in names if object_def.fields[name].relation is not None)
    if not lookups:
        return {}
    asked = Lookups(object=object_def.key, names=lookups, values=state.values)
    with platform().records.reading(actor(), release=release()) as transaction:
        (found,) = transaction.choices_of([asked])
    return OfferedWriter().write(object_def, found)


def _stale_note(object_def: ObjectDef, field: FieldDef, record_id: str) -> str:
    value = _stored(object_def, field, record_id)
    return str(_("Somebody else saved this record meanwhile; this field is now: %(value)s.", value=value))


def _stored(object_def: ObjectDef, field: FieldDef, record_id: str) -> str:
    formats = user_formats()
    state = platform().records.form_state(actor(), object_def.key, record_id, {})
    mask, value = state.masked.get(field.name), state.values.get(field.name)
    return mask or shown_value(field, value, state.titles.get(field.name), formats).text or "–"


def _asked_from() -> str:
    """Give the part of the address that says where the field is shown."""
    given: Mapping[str, str] = {name: text for name in _ASKED_FROM if (text := request.args.get(name, ""))}
    return f"?{urlencode(given)}" if given else ""
