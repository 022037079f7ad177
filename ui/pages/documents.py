"""Documents made by hand: the templates that a record's page offers, and the press that makes one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.document_desk import DocumentFailed
from engine.errors import ValidationFailed
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from ui.context import actor, platform, release
from ui.pages.chrome import toast
from ui.pages.rights import readable_object
from ui.refused import note_caught
from ui.telling import tell

blueprint = Blueprint("documents", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLink:
    """A document that can be made of a record."""

    label: str
    url: str


def document_links(transaction: Transaction, object_def: ObjectDef, record_id: str) -> tuple[DocumentLink, ...]:
    """Give what the page of a readable record offers."""
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}/documents/"
    offered = platform().automation.documents.offered(transaction, object_def)
    return tuple(DocumentLink(label=_label(each.name), url=url + quote(each.name)) for each in offered)


@blueprint.post("/o/<object_name>/<record_id>/documents/<template_name>")
def make_document(object_name: str, record_id: str, template_name: str) -> ResponseReturnValue:
    """Make a document and file it with the record."""
    object_def = readable_object(object_name)
    try:
        made = platform().automation.documents.make(actor(), release(), object_def.key, record_id, template_name)
    except (DocumentFailed, ValidationFailed) as failed:
        note_caught(failed)
        toast(_("The document was not made: %(reason)s", reason=tell(str(failed))), "error")
    else:
        toast(_("“%(name)s” was made and filed with the record.", name=made.name))
    return redirect(f"/o/{quote(object_def.key)}/{quote(record_id)}", 303)


def _label(name: str) -> str:
    """Give what a template is called on a page: it has no label, so its name as words."""
    return name.replace("_", " ")
