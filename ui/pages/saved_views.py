"""Saved views as pages: saving what a list shows under a name, for whom, and changing, unlocking or deleting it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, QueryProblem, ValidationFailed
from engine.records.saved_views import SavedView
from engine.records.sharing.sharees import Sharee, ShareeKind, sharee_titles
from engine.records.view_drafts import LONGEST_LABEL, RIGHT, ViewDraft
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Chip, Crumb, Option
from ui.pages.chrome import toast
from ui.pages.list_filter import make_chips
from ui.pages.list_plan import list_plan
from ui.pages.list_state import ListState, chosen_view, read_state
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.view_tabs import owner_note, state_of
from ui.refused import note_caught
from ui.telling import tell_problem

blueprint = Blueprint("saved_views", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewPage:
    """The context `page` of templates/pages/saved_view.html. url: where the form goes.

    chips, columns: what of the list is saved. audiences: for whom it can be; empty where it is for its owner alone.
    """

    title: str
    heading: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    hidden: dict[str, str]
    label: str
    most: int
    chips: tuple[Chip, ...]
    columns: tuple[str, ...]
    audiences: tuple[Option, ...]
    locked: bool
    first: bool
    note: str
    problem: str
    is_saved: bool


@blueprint.get("/o/<object_name>/views/new")
def new_view(object_name: str) -> ResponseReturnValue:
    """Show the form that saves the list of the address as a view."""
    object_def = readable_object(object_name)
    return _show(object_def, read_state(object_def.key, request.args), None)


@blueprint.post("/o/<object_name>/views/new")
def create_view(object_name: str) -> ResponseReturnValue:
    """Save a view."""
    object_def = readable_object(object_name)
    state = read_state(object_def.key, request.form)
    try:
        saved = platform().saved_views.create(actor(), object_def.key, _draft(state), release=release())
    except (AccessDenied, QueryProblem, ValidationFailed) as refused:
        note_caught(refused)
        return _show(object_def, state, None, _why(refused)), 403 if isinstance(refused, AccessDenied) else 422
    toast(str(_("The view is saved.")))
    return redirect(state_of(saved).url(), 303)


@blueprint.get("/o/<object_name>/views/<view_id>")
def show_view(object_name: str, view_id: str) -> ResponseReturnValue:
    """Show what a saved view is, and the forms that change and delete it."""
    object_def = readable_object(object_name)
    found = platform().saved_views.find(actor(), object_def.key, view_id, release=release())
    return _show(object_def, state_of(found), found)


@blueprint.post("/o/<object_name>/views/<view_id>")
def change_view(object_name: str, view_id: str) -> ResponseReturnValue:
    """Change a view to what the list shows (`act=save`), or its name and audience, or delete it (`act=delete`)."""
    object_def = readable_object(object_name)
    desk, act = platform().saved_views, request.form.get("act")
    found = desk.find(actor(), object_def.key, view_id, release=release())
    own = state_of(found)
    state = read_state(object_def.key, request.form) if act == "save" else own
    try:
        if act == "delete":
            desk.delete(actor(), found.id, release=release())
            toast(str(_("The view is deleted.")))
            return redirect(ListState(object=object_def.key, view=own.view).url(), 303)
        draft = _draft(state) if act != "save" else _same(found, state)
        saved = desk.change(actor(), found.id, draft, release=release())
    except (AccessDenied, QueryProblem, ValidationFailed) as refused:
        note_caught(refused)
        return _show(object_def, own, found, _why(refused)), 403 if isinstance(refused, AccessDenied) else 422
    toast(str(_("The view is saved.")))
    return redirect(state_of(saved).url(), 303)


def _draft(state: ListState) -> ViewDraft:
    kind, _sign, name = request.form.get("for", "").partition(":")
    return ViewDraft(
        label=request.form.get("label", ""),
        state=state.hidden("saved"),
        audience=Sharee(ShareeKind(kind), name) if kind in (ShareeKind.TEAM, ShareeKind.ROLE) else None,
        locked="locked" in request.form,
        first="first" in request.form,
    )


def _same(view: SavedView, state: ListState) -> ViewDraft:
    return ViewDraft(
        label=view.label, state=state.hidden("saved"), audience=view.audience, locked=view.locked, first=view.first
    )


def _why(refused: AccessDenied | QueryProblem | ValidationFailed) -> str:
    if isinstance(refused, AccessDenied):
        return refused.reason
    if isinstance(refused, QueryProblem):
        return tell_problem(refused.problems[0])
    return refused.errors[0].message


def _show(object_def: ObjectDef, state: ListState, view: SavedView | None, problem: str = "") -> str:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    base = chosen_view(object_def, state, access_of().roles)
    plan = list_plan(release(), access_of(), object_def, base, user_formats(), state.paths)
    here = f"/o/{quote(object_def.key)}/views"
    heading = view.label if view is not None else str(_("Save as a view"))
    posted, audience = bool(request.form), view.audience.key if view is not None and view.audience else ""
    return render_template(
        "pages/saved_view.html",
        page=SavedViewPage(
            title=plural,
            heading=heading,
            crumbs=(Crumb(label=plural, href=state.url()), Crumb(label=heading)),
            url=f"{here}/{view.id}" if view is not None else f"{here}/new",
            list_url=state.url(),
            hidden=state.hidden("saved"),
            label=request.form.get("label", view.label if view is not None else ""),
            most=LONGEST_LABEL,
            chips=make_chips(plan, state),
            columns=tuple(column.label for column in plan.columns),
            audiences=_audiences(request.form.get("for", audience)),
            locked="locked" in request.form if posted else view is not None and view.locked,
            first="first" in request.form if posted else view is not None and view.first,
            note=owner_note(view) if view is not None else "",
            problem=problem,
            is_saved=view is not None,
        ),
    )


def _audiences(chosen: str) -> tuple[Option, ...]:
    """Give for whom the person may save views: the own team and every role, beside the person alone."""
    if not access_of().has_right(RIGHT):
        return ()
    who = actor()
    teams = [Sharee(ShareeKind.TEAM, who.team_id)] if who.team_id is not None else []
    roles = [Sharee(ShareeKind.ROLE, name) for name in release().metamodel.roles]
    sharees = [*teams, *roles]
    kind, _sign, name = chosen.partition(":")
    if kind == ShareeKind.TEAM and name != who.team_id:
        sharees.insert(0, Sharee(ShareeKind.TEAM, name))
    with platform().records.reading(who, release=release()) as transaction:
        titles = sharee_titles(transaction, sharees)
    known = [
        Option(value=each.key, label=titles[each], selected=each.key == chosen) for each in sharees if each in titles
    ]
    return (Option(value="", label=str(_("Only me")), selected=not chosen), *known)
