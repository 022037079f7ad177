"""Moves of a record from one option to another, from the stage path or a board, judged by the door like any save.

A refused move answers with the fields that are missing, to be filled right there, and moves on when they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, FieldError
from engine.records.types import FormState, Saved
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release
from ui.page_parts import Crumb
from ui.pages.board import board_fragment
from ui.pages.chrome import toast, toast_infos
from ui.pages.findings import Refusal, save_some, warning_codes, warning_texts
from ui.pages.form_parts import FormInput, FormParts, form_maker
from ui.pages.form_values import BACK, BOARD, PostedForm, form_fields, read_posted
from ui.pages.fragments import is_htmx, render_block, saved_trigger
from ui.pages.rights import readable_object, user_formats
from ui.refused import note_caught
from ui.security import local_path

blueprint = Blueprint("moves", __name__)

_TEMPLATE = "pages/move.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePage:
    """The context `page` of templates/pages/move.html: what stands against a move, and the form that completes it."""

    title: str
    text: str
    action: str
    cancel_url: str
    crumbs: tuple[Crumb, ...]
    parts: FormParts
    hidden: Mapping[str, str]
    warnings: tuple[str, ...]
    codes: str
    target: str


@blueprint.post("/o/<object_name>/<record_id>/move")
def move_record(object_name: str, record_id: str) -> ResponseReturnValue:
    """Save the posted fields; `fs-board` names the board that the move was made on."""
    object_def = readable_object(object_name)
    posted = read_posted(form_fields(object_def), request.form, user_formats())
    try:
        saved = save_some(object_def, record_id, posted.values, posted)
    except AccessDenied as refused:
        note_caught(refused)
        return _not_allowed(object_def, record_id)
    return (
        _moved(object_def, record_id, saved) if isinstance(saved, Saved) else _ask(object_def, record_id, posted, saved)
    )


def _board() -> str:
    return request.form.get(BOARD) or request.args.get(BOARD, "")


def _moved(object_def: ObjectDef, record_id: str, saved: Saved) -> ResponseReturnValue:
    board = _board()
    if is_htmx() and board:
        return Response(board_fragment(object_def, board), headers={"HX-Trigger": saved_trigger(saved)})
    toast(_("Saved"))
    toast_infos(saved)
    target = _back(object_def, record_id, board)
    return Response("", headers={"HX-Redirect": target}) if is_htmx() else redirect(target, 303)


def _not_allowed(object_def: ObjectDef, record_id: str) -> ResponseReturnValue:
    toast(_("Your roles do not allow this change."), "error")
    target = _back(object_def, record_id, _board())
    return Response("", headers={"HX-Redirect": target}) if is_htmx() else redirect(target, 303)


def _ask(object_def: ObjectDef, record_id: str, posted: PostedForm, refusal: Refusal) -> ResponseReturnValue:
    state = platform().records.form_state(actor(), object_def.key, record_id, posted.values)
    page = _page(object_def, record_id, posted, state, refusal)
    if is_htmx():
        return render_block(_TEMPLATE, "refusal", page=page), 422
    return render_template(_TEMPLATE, page=page), 422


def _page(object_def: ObjectDef, record_id: str, posted: PostedForm, state: FormState, refusal: Refusal) -> MovePage:
    board, version = _board(), refusal.version
    maker = form_maker(release(), object_def, user_formats())
    asked = _asked(object_def, state, refusal.errors)
    parts = maker.make(record_id, state, FormInput(typed=posted.typed, errors=refusal.errors), only=asked or ("",))
    shown = parts.names
    kept = {name: text for name, text in posted.typed.items() if name not in shown}
    now = version if version is not None else posted.version
    sent = {"version": str(now) if now is not None else "", BOARD: board, BACK: posted.back}
    if version is not None:
        text = str(_("Somebody else saved this record meanwhile. Move it all the same?"))
    elif refusal.warnings:
        text = str(_("Please look at this before saving."))
    else:
        text = str(_("Fill in what is missing, then it moves.")) if shown else str(_("This move is not possible."))
    return MovePage(
        title=str(_("Not possible yet")),
        text=text,
        action=f"/o/{quote(object_def.key)}/{quote(record_id)}/move",
        cancel_url=_back(object_def, record_id, board),
        crumbs=(Crumb(label=str(_("Not possible yet"))),),
        parts=parts,
        hidden={**kept, **{name: text for name, text in sent.items() if text}},
        warnings=warning_texts(refusal.warnings),
        codes=warning_codes(refusal.warnings),
        target="#board" if board else "",
    )


def _asked(object_def: ObjectDef, state: FormState, errors: Sequence[FieldError]) -> tuple[str, ...]:
    """Give the fields to fill: those with findings that the person may set."""
    names = {each.field: None for each in errors if each.field}
    return tuple(name for name in names if name in state.fields and not state.fields[name].readonly)


def _back(object_def: ObjectDef, record_id: str, board: str) -> str:
    if board:
        return f"/o/{quote(object_def.key)}?view={quote(board)}"
    return local_path(request.form.get(BACK), f"/o/{quote(object_def.key)}/{quote(record_id)}")
