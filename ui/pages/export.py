"""`/o/{object}/export`: what a list shows – its columns, filter, search and order – as a file."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from engine.exports.service import ExportRequest
from metamodel.objects import ObjectDef
from ui.context import actor, language, platform, release
from ui.exporting import export_answer
from ui.pages.list_plan import list_plan
from ui.pages.list_state import ListState, chosen_view, read_state
from ui.pages.rights import access_of, readable_object, user_formats

blueprint = Blueprint("export", __name__)


@blueprint.get("/o/<object_name>/export")
def export_list(object_name: str) -> ResponseReturnValue:
    """Give the list of the address as CSV; with `names=1` under API names, for another program."""
    object_def = readable_object(object_name)
    state = read_state(object_def.key, request.args)
    view = chosen_view(object_def, state, access_of().roles)
    plan = list_plan(release(), access_of(), object_def, view, user_formats())
    asked = ExportRequest(query=state.query(plan.paths, plan.view), labelled=not request.args.get("names"))
    return export_answer(actor(), asked, language())


def export_url(object_def: ObjectDef, state: ListState) -> str:
    """Give the address that exports a list; "" for who may not export the object's records."""
    if not platform().exports.may_export(actor(), object_def.key, release()):
        return ""
    shown = state.url(cursor="", size=50, exact=False)
    path, question, rest = shown.partition("?")
    return f"{path}/export{question}{rest}"
