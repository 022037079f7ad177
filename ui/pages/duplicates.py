"""The queue of likely duplicates of an object: pairs with score and reason, to be merged or told apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.records.merging.pairs import Pair, keep_apart, likely_pairs
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.merging import may_merge, merge_url, require_merging
from ui.pages.rights import readable_object

blueprint = Blueprint("duplicates", __name__)

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One pair of the queue. tone: of its score."""

    ids: tuple[str, str]
    titles: tuple[str, str]
    hrefs: tuple[str, str]
    score: str
    tone: str
    reason: str
    merge_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesPage:
    """The context `page` of templates/pages/duplicates.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    rows: tuple[PairRow, ...]
    more: int


@blueprint.get("/o/<object_name>/duplicates")
def show_duplicates(object_name: str) -> ResponseReturnValue:
    """Show the pairs that the duplicate rules find alike, the likeliest first."""
    object_def = _offered(object_name)
    with platform().records.reading(actor(), release=release()) as transaction:
        pairs = likely_pairs(transaction, object_def)
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    page = DuplicatesPage(
        title=plural,
        crumbs=(Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=str(_("Duplicates")))),
        url=f"/o/{quote(object_def.key)}/duplicates",
        rows=tuple(_row(object_def, pair) for pair in pairs[:_SHOWN]),
        more=max(0, len(pairs) - _SHOWN),
    )
    return render_template("pages/duplicates.html", page=page)


@blueprint.post("/o/<object_name>/duplicates")
def tell_apart(object_name: str) -> ResponseReturnValue:
    """Remember that two records are not the same."""
    object_def = _offered(object_name)
    one, other = request.form.get("one", ""), request.form.get("other", "")
    with platform().records.transaction(actor(), release=release()) as transaction:
        keep_apart(transaction, object_def, one, other)
    toast(_("Remembered: these are two different records."))
    return redirect(f"/o/{quote(object_def.key)}/duplicates", 303)


def shows_duplicates(object_def: ObjectDef) -> bool:
    """Say whether the person has a queue of duplicates of an object."""
    return bool(object_def.duplicates) and may_merge(object_def)


def _offered(object_name: str) -> ObjectDef:
    object_def = readable_object(object_name)
    require_merging(object_def)
    return object_def


def _row(object_def: ObjectDef, pair: Pair) -> PairRow:
    one, other = (f"/o/{quote(object_def.key)}/{quote(each)}" for each in pair.ids)
    first, second = (title or str(_("Without a name")) for title in pair.titles)
    return PairRow(
        ids=pair.ids,
        titles=(first, second),
        hrefs=(one, other),
        score=f"{pair.score:.0%}",
        tone="red" if pair.score == 1 else "amber",
        reason=" · ".join(_reason(object_def, path, likeness) for path, likeness in pair.reasons.items()),
        merge_url=merge_url(object_def, pair.ids[0], [pair.ids[1]]),
    )


def _reason(object_def: ObjectDef, path: str, likeness: float) -> str:
    name, _dot, rest = path.partition(".")
    if rest:
        part = release().metamodel.objects[object_def.inverses[name].object]
        field = part.fields.get(rest)
    else:
        field = object_def.fields.get(name)
    label = label_text(field.label, language(), field.name) if field is not None else path
    found = str(_("the same")) if likeness == 1 else f"{likeness:.0%}"
    return f"{label}: {found}"
