"""`/import/{object}`: a file of records, what its columns fill, a trial, the import and its result.

Every step is a page of its own address, so that nothing is lost by leaving it, and none needs a script. What imports
are and who may do them is said by the desk (engine/imports/desk.py).
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.imports.desk import ImportDesk
from engine.imports.errors import ImportRefused
from engine.imports.job import Wanted
from engine.imports.uploads import MOST_BYTES
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release
from ui.pages.chrome import toast
from ui.pages.import_parts import ImportPage, job_page, start_page, targets_of
from ui.pages.rights import access_of
from ui.telling import tell

blueprint = Blueprint("importing", __name__)

_FILE, _MATCH, _COLUMN = "file", "fs-match", "fs-column-"
_PATIENCE_S = 1.5
_LONGEST_NAME = 200


def desk() -> ImportDesk:
    """Give the imports of the installation."""
    return platform().import_desk


def import_url(object_def: ObjectDef) -> str:
    """Give the address that imports into an object; "" for who may not."""
    rights = access_of()
    of_object = rights.of(object_def.key)
    may = rights.has_right("import") and (of_object.may("create") or of_object.may("update"))
    fills = may and platform().imports.fillable(actor(), release(), object_def)
    return f"/import/{quote(object_def.key)}" if fills else ""


@blueprint.get("/import/<object_name>")
def show_imports(object_name: str) -> ResponseReturnValue:
    """Ask for a file, and list the person's imports."""
    return _start(desk().object_for(actor(), object_name))


@blueprint.post("/import/<object_name>")
def take_file(object_name: str) -> ResponseReturnValue:
    """Take a file in and go on to what its columns fill."""
    object_def = desk().object_for(actor(), object_name)
    given = request.files.get(_FILE)
    if given is None or not given.filename:
        return _start(object_def, str(_("Please choose a file."))), 422
    name = given.filename.replace("\\", "/").rpartition("/")[2][:_LONGEST_NAME]
    try:
        import_id = desk().take(actor(), object_def.key, name, given.stream.read(MOST_BYTES + 1))
    except ImportRefused as fault:
        return _start(object_def, tell(str(fault))), 422
    return redirect(_url(object_def, import_id), 303)


@blueprint.get("/import/<object_name>/<import_id>")
def show_import(object_name: str, import_id: str) -> ResponseReturnValue:
    """Show an import as it stands."""
    return render_template("pages/import_job.html", page=_job(object_name, import_id))


@blueprint.post("/import/<object_name>/<import_id>/check")
def check_import(object_name: str, import_id: str) -> ResponseReturnValue:
    """Try the first rows as the columns were chosen; nothing of it stays."""
    object_def = desk().object_for(actor(), object_name)
    job = desk().get(actor(), object_name, import_id)
    page = job_page(object_def, job, choosing=True)
    known = {each.name for each in targets_of(object_def).all}
    chosen = {column.head: request.form.get(f"{_COLUMN}{column.place}", "") for column in page.columns}
    columns = {head: name for head, name in chosen.items() if name in known}
    match = request.form.get(_MATCH, "")
    wanted = Wanted(columns=columns, match=match if match in known else "")
    problem = _fault_of(wanted)
    if problem:
        page = job_page(object_def, job, choosing=True, wanted=wanted, problem=problem)
        return render_template("pages/import_job.html", page=page), 422
    thread = desk().check(actor(), object_name, import_id, wanted)
    if thread is not None:
        thread.join(_PATIENCE_S)
    return redirect(_url(object_def, import_id), 303)


@blueprint.post("/import/<object_name>/<import_id>/start")
def start_import(object_name: str, import_id: str) -> ResponseReturnValue:
    """Start an import that was tried."""
    object_def = desk().object_for(actor(), object_name)
    thread = desk().start(actor(), object_name, import_id)
    if thread is not None:
        thread.join(_PATIENCE_S)
    return redirect(_url(object_def, import_id), 303)


@blueprint.post("/import/<object_name>/<import_id>/cancel")
def cancel_import(object_name: str, import_id: str) -> ResponseReturnValue:
    """End an import that is under way; what it saved so far stays."""
    object_def = desk().object_for(actor(), object_name)
    desk().cancel(actor(), object_name, import_id)
    return redirect(_url(object_def, import_id), 303)


@blueprint.post("/import/<object_name>/<import_id>/drop")
def drop_import(object_name: str, import_id: str) -> ResponseReturnValue:
    """Throw an import away."""
    object_def = desk().object_for(actor(), object_name)
    desk().drop(actor(), object_name, import_id)
    toast(str(_("The import was discarded.")))
    return redirect(f"/import/{quote(object_def.key)}", 303)


@blueprint.get("/import/<object_name>/<import_id>/rejected")
def rejected_rows(object_name: str, import_id: str) -> ResponseReturnValue:
    """Give the refused rows with their reasons as CSV; corrected, it can be imported as it is."""
    job = desk().get(actor(), object_name, import_id)
    answer = Response("\ufeff" + desk().rejected(job), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{job.object.replace(".", "_")}_rejected.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _start(object_def: ObjectDef, problem: str = "") -> str:
    page = start_page(object_def, desk().list(actor(), object_def.key), problem)
    return render_template("pages/import.html", page=page)


def _job(object_name: str, import_id: str) -> ImportPage:
    object_def = desk().object_for(actor(), object_name)
    job = desk().get(actor(), object_name, import_id)
    return job_page(object_def, job, choosing=bool(request.args.get("choose")))


def _fault_of(wanted: Wanted) -> str:
    """Say what is wrong with a choice of columns."""
    filled = list(wanted.columns.values())
    if not filled:
        return str(_("Choose a field for one column at least."))
    doubled = sorted({name for name in filled if filled.count(name) > 1})
    if doubled:
        return str(_("Two columns fill %(field)s; a field has one column.", field=", ".join(doubled)))
    if wanted.match and wanted.match not in filled:
        return str(_("Rows are to be found by a field that no column fills."))
    return ""


def _url(object_def: ObjectDef, import_id: str) -> str:
    return f"/import/{quote(object_def.key)}/{quote(import_id)}"
