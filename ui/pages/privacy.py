"""Personal data for those with the right `view_audit`: what objects say of it, legal holds, what was disposed of.

It only shows; erasing, holding and exporting are the operator's, at the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.privacy.service import Disposed
from metamodel.objects import ObjectDef
from metamodel.privacy import Disposal
from metamodel.texts import label_text
from ui.context import actor, platform, release
from ui.formats import Formats
from ui.pages.rights import access_of, user_formats

blueprint = Blueprint("privacy", __name__)

ADDRESS = "/admin/privacy"
_COLORS = {"erased": "red", "archived": "blue", "held": "amber", "kept": "gray", "hold": "amber"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRow:
    """What an object says: purpose, consent and time as written; fields: those that tell of a person."""

    label: str
    purpose: str
    consent: str
    kept: str
    fields: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisposedRow:
    """What became of a record."""

    act: str
    color: str
    about: str
    record: str
    reason: str
    by: str
    iso: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPage:
    """The context `page` of templates/pages/privacy.html. counts: words and figures of what was done and kept."""

    stated: tuple[StatedRow, ...]
    holds: tuple[DisposedRow, ...]
    disposed: tuple[DisposedRow, ...]
    counts: tuple[tuple[str, int], ...]


@blueprint.get(ADDRESS)
def show() -> ResponseReturnValue:
    """Show it, of objects that the reader's roles name."""
    platform().audit.log.require(actor())
    privacy, formats = platform().privacy, user_formats()
    counts = privacy.counts()
    page = PrivacyPage(
        stated=tuple(_stated(each, formats) for each in _objects() if _says_something(each)),
        holds=tuple(_rows(privacy.holds(), formats)),
        disposed=tuple(_rows(privacy.disposals(), formats)),
        counts=tuple((word, counts[act]) for act, word in _act_words().items() if counts.get(act)),
    )
    return render_template("pages/privacy.html", page=page)


def _objects() -> list[ObjectDef]:
    access = access_of()
    return [each for each in release().metamodel.objects.values() if access.of(each.key).known]


def _says_something(object_def: ObjectDef) -> bool:
    return object_def.privacy is not None or any(_personal(object_def))


def _personal(object_def: ObjectDef) -> Iterable[str]:
    readable = access_of().of(object_def.key).readable
    return (each.name for each in object_def.fields.values() if each.personal and each.name in readable)


def _stated(object_def: ObjectDef, formats: Formats) -> StatedRow:
    privacy, language = object_def.privacy, formats.language
    kept = privacy.retention if privacy is not None else None
    acts = {Disposal.ERASE: _("then erased"), Disposal.ARCHIVE: _("then archived")}
    names = (label_text(object_def.fields[name].label, language, name) for name in _personal(object_def))
    return StatedRow(
        label=label_text(object_def.label, language, object_def.name),
        purpose=label_text(privacy.purpose, language, "") if privacy is not None and privacy.purpose else "",
        consent=privacy.consent.text if privacy is not None and privacy.consent is not None else "",
        kept=f"{kept.after.text}, {acts[kept.do]}" if kept is not None else "",
        fields=", ".join(names),
    )


def _rows(found: Iterable[Disposed], formats: Formats) -> Iterable[DisposedRow]:
    labels = {each.key: label_text(each.label, formats.language, each.name) for each in _objects()}
    acts, reasons = _act_words(), _reason_words()
    for each in found:
        if each.object in labels:
            yield DisposedRow(
                act=acts.get(each.act, each.act),
                color=_COLORS.get(each.act, "gray"),
                about=labels[each.object],
                record=each.record_id,
                reason=reasons.get(each.reason or "", each.reason or ""),
                by=each.by or "",
                iso=each.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                when=formats.datetime(each.at),
            )


def _act_words() -> dict[str, str]:
    return {
        "erased": str(_("Erased")),
        "archived": str(_("Archived")),
        "held": str(_("Kept under legal hold")),
        "kept": str(_("Kept")),
        "hold": str(_("Legal hold")),
    }


def _reason_words() -> dict[str, str]:
    return {
        "retention": str(_("Its time was over")),
        "request": str(_("Asked for by the person")),
        "restored from a backup": str(_("An older backup brought it back")),
        "legal hold": str(_("Legal hold")),
        "in use": str(_("Other records need it")),
        "refused": str(_("A rule or a lock refuses to let it go")),
    }
