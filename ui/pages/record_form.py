"""Forms of new and existing records: judged by the door at each change and again, the same way, by the save.

Nothing typed is lost: a refused form comes back with everything in it, a warning asks, a conflict shows all sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine.errors import AccessDenied, ConfirmationNeeded, FieldError, StaleVersion, ValidationFailed
from engine.records.types import Saved
from metamodel.field_types.files import holds_files
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.device import device
from ui.page_parts import Crumb
from ui.pages.child_grids import Grids
from ui.pages.child_rows import carried_cells, door_rows
from ui.pages.chrome import toast, toast_infos
from ui.pages.conflict import conflict_page
from ui.pages.findings import warning_codes, warning_texts
from ui.pages.form_files import take_files
from ui.pages.form_grids import asks_for_rows, offered_and_grids, posted_rows
from ui.pages.form_parts import FormInput, form_id, form_maker
from ui.pages.form_values import BACK, CONFIRM, PostedForm, form_fields, read_posted, with_strangers
from ui.pages.fragments import render_block
from ui.pages.kept_pages import kept_page
from ui.pages.layout_note import layout_note_html
from ui.pages.rights import access_of, readable_object, user_formats
from ui.refused import note_caught
from ui.security import local_path

blueprint = Blueprint("record_form", __name__)

_TEMPLATE = "pages/record_form.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """What of a form is the record's own.

    texts: `title`, `form_id`, addresses (`action`, `state_url`, `cancel_url`, `url`), `record` (what it is called in
    the breadcrumb), the inside of the form and its grids, both markup. fields: hidden ones. summary: findings, see
    FormParts.
    """

    texts: Mapping[str, str]
    fields: Mapping[str, str]
    summary: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """The context `page` of templates/pages/record_form.html.

    inside: of the form, markup. grids: of its lists of parts, markup. summary: findings, see FormParts. warnings,
    codes: what a person must confirm, and the codes that confirm it.
    """

    form_id: str
    title: str
    eyebrow: str
    action: str
    state_url: str
    cancel_url: str
    crumbs: tuple[Crumb, ...]
    inside: str
    grids: str
    summary: tuple[tuple[str, str, str], ...]
    fields: Mapping[str, str]
    takes_files: bool = False
    refused: bool = False
    warnings: tuple[str, ...] = ()
    codes: str = ""


@blueprint.get("/o/<object_name>/new")
def new_record(object_name: str) -> ResponseReturnValue:
    """Show the form of a new record; parameters named like fields are filled in."""
    object_def = readable_object(object_name)
    given = read_posted(form_fields(object_def), request.args, user_formats())
    return _shown(object_def, _filled(object_def, None, given, values=given.values), is_new=True)


@blueprint.post("/o/<object_name>/new")
def create_record(object_name: str) -> ResponseReturnValue:
    """Create a record."""
    object_def = readable_object(object_name)
    posted, refused = _posted(object_def)
    if refused:
        return _refused(object_def, None, posted, refused)

    values = {**posted.values, **door_rows(posted_rows(object_def))}

    def save() -> Saved:
        return platform().records.create(actor(), object_def.key, values, confirm=posted.confirm)

    return _saved_or_refused(object_def, None, posted, save)


@blueprint.get("/o/<object_name>/<record_id>/edit")
def edit_record(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show the form of a record."""
    object_def = readable_object(object_name)
    given = read_posted((), request.args, user_formats())
    return _shown(object_def, _filled(object_def, record_id, given, values={}), is_new=False)


@blueprint.post("/o/<object_name>/<record_id>/edit")
def update_record(object_name: str, record_id: str) -> ResponseReturnValue:
    """Save what was changed on the form."""
    object_def = readable_object(object_name)
    posted, refused = _posted(object_def)
    if refused:
        return _refused(object_def, record_id, posted, refused)

    values = {**posted.chosen, **door_rows(posted_rows(object_def))}

    def save() -> Saved:
        return platform().records.update(
            actor(), object_def.key, record_id, values, version=posted.version, confirm=posted.confirm
        )

    try:
        return _saved_or_refused(object_def, record_id, posted, save)
    except StaleVersion as stale:
        page = conflict_page(object_def, record_id, posted, stale.current, user_formats())
        page = replace(page, hidden=(*page.hidden, *carried_cells(request.form)))
        return render_template("pages/conflict.html", page=page), 409


@blueprint.post("/o/<object_name>/new/state")
def new_state(object_name: str) -> ResponseReturnValue:
    """Judge what is typed so far on a new record's form; the answer is the inside of the form."""
    return _state_answer(readable_object(object_name), None)


@blueprint.post("/o/<object_name>/<record_id>/state")
def edit_state(object_name: str, record_id: str) -> ResponseReturnValue:
    """Judge what is typed so far on a record's form; the answer is the inside of the form."""
    return _state_answer(readable_object(object_name), record_id)


def _saved_or_refused(
    object_def: ObjectDef, record_id: str | None, posted: PostedForm, save: Callable[[], Saved]
) -> ResponseReturnValue:
    if asks_for_rows():
        form = _filled(object_def, record_id, posted)
        return render_template(_TEMPLATE, page=_page(object_def, form, record_id is None))
    try:
        saved = save()
    except ValidationFailed as refused:
        note_caught(refused)
        return _refused(object_def, record_id, posted, refused.errors)
    except ConfirmationNeeded as asked:
        form, warned = _filled(object_def, record_id, posted), asked.warnings
        page = _page(object_def, form, record_id is None, warnings=warned, refused=True)
        return render_template(_TEMPLATE, page=page), 422
    toast(_("Saved") if record_id else _("“%(title)s” was created.", title=saved.record.title))
    toast_infos(saved)
    url = f"/o/{quote(object_def.key)}/{quote(saved.record.id)}"
    return redirect(local_path(posted.back, url) if posted.back else url, 303)


def _shown(object_def: ObjectDef, form: FilledForm, *, is_new: bool) -> str:
    """Give the page of a form just opened: but for findings, all of it follows from the object and what has a slot."""
    if form.summary:
        return render_template(_TEMPLATE, page=_page(object_def, form, is_new))
    slots = {**form.texts, **{f"field {name}": text for name, text in form.fields.items()}}

    def make(marks: Mapping[str, Markup]) -> FormPage:
        fields = {name: marks[f"field {name}"] for name in form.fields}
        texts = {name: marks[name] for name in form.texts}
        return _page(object_def, FilledForm(texts=texts, fields=fields, summary=()), is_new)

    return kept_page((object_def.key, is_new, tuple(form.fields)), _TEMPLATE, tuple(slots), make).show(slots)


def _state_answer(object_def: ObjectDef, record_id: str | None) -> ResponseReturnValue:
    # Files wait until the form is saved, or have come in by themselves.
    posted = _read(object_def, request.form)
    form = _filled(object_def, record_id, posted)
    return render_block(_TEMPLATE, "form_fields", page=_page(object_def, form, record_id is None))


def _filled(
    object_def: ObjectDef,
    record_id: str | None,
    posted: PostedForm,
    *,
    values: Mapping[str, object] | None = None,
    errors: Sequence[FieldError] = (),
) -> FilledForm:
    """Judge a form and write what is the record's own."""
    if values is None:
        values = posted.values if record_id is None else posted.changed
    is_posted, pinned = request.method == "POST", release()
    # Some choices of each lookup are for people without scripts; a picker asks for its own.
    with_choices = not (is_posted and request.headers.get("HX-Request"))
    with platform().records.reading(actor(), release=pinned) as transaction:
        state = transaction.form_state(object_def.key, record_id, values, device())
        found = offered_and_grids(transaction, object_def, record_id, state, errors) if with_choices else None
    offered, grids = found or ({}, Grids())
    if record_id is not None and all(verdict.readonly for verdict in state.fields.values()):
        raise AccessDenied("update", object_def.key, str(_("your roles do not allow it for this record")))
    given = FormInput(
        typed=posted.typed if is_posted else {},
        errors=[each for each in errors if each not in grids.told] or state.errors,
        was=posted.was,
        offered=offered,
    )
    parts = form_maker(pinned, object_def, user_formats()).make(record_id, state, given)
    base = f"/o/{quote(object_def.key)}"
    url = f"{base}/{quote(record_id)}" if record_id else base
    version = posted.version if posted.version is not None else state.values.get("version")
    fields = {"version": str(version or ""), BACK: posted.back, CONFIRM: ",".join(posted.confirm)}
    return FilledForm(
        texts={
            "title": state.title or _new_title(object_def),
            "record": state.title or (str(_("Record")) if record_id else ""),
            "url": url,
            "form_id": form_id(object_def, record_id),
            "action": f"{base}/new" if record_id is None else f"{url}/edit",
            "state_url": f"{base}/new/state" if record_id is None else f"{url}/state",
            "cancel_url": local_path(posted.back, url) if posted.back else url,
            "inside": parts.inside + layout_note_html(object_def, state.layout),
            "grids": grids.html,
        },
        fields={name: value for name, value in fields.items() if value},
        summary=(*parts.summary, *grids.summary),
    )


def _page(
    object_def: ObjectDef,
    form: FilledForm,
    is_new: bool,
    *,
    warnings: Sequence[FieldError] = (),
    refused: bool = False,
) -> FormPage:
    texts = form.texts
    return FormPage(
        form_id=texts["form_id"],
        title=texts["title"],
        eyebrow="" if is_new else str(_("Edit")),
        action=texts["action"],
        state_url=texts["state_url"],
        cancel_url=texts["cancel_url"],
        crumbs=_crumbs(object_def, is_new, texts["record"], texts["url"]),
        inside=texts["inside"],
        grids=texts["grids"],
        summary=form.summary,
        fields=form.fields,
        takes_files=any(map(holds_files, object_def.fields.values())),
        refused=refused,
        warnings=warning_texts(warnings),
        codes=warning_codes(warnings),
    )


def _refused(
    object_def: ObjectDef, record_id: str | None, posted: PostedForm, errors: Sequence[FieldError]
) -> ResponseReturnValue:
    form = _filled(object_def, record_id, posted, errors=errors)
    return render_template(_TEMPLATE, page=_page(object_def, form, record_id is None, refused=True)), 422


def _posted(object_def: ObjectDef) -> tuple[PostedForm, Sequence[FieldError]]:
    """Read the posted form; files that came with it are taken in, with what is wrong with them."""
    found = take_files(object_def)
    return _read(object_def, found.given), found.errors


def _read(object_def: ObjectDef, given: MultiDict[str, str]) -> PostedForm:
    masked = access_of().of(object_def.key).masked
    fields = form_fields(object_def)
    return with_strangers(read_posted(fields, given, user_formats(), masked), fields, given)


def _new_title(object_def: ObjectDef) -> str:
    return str(_("New: %(object)s", object=label_text(object_def.label, language(), object_def.name)))


def _crumbs(object_def: ObjectDef, is_new: bool, title: str, url: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    listed = Crumb(label=plural, href=f"/o/{quote(object_def.key)}")
    if is_new:
        return listed, Crumb(label=str(_("New")))
    return listed, Crumb(label=title, href=url), Crumb(label=str(_("Edit")))
