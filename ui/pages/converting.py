"""Converting a record: the page that shows what it becomes and which records are there already, and the act itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import (
    AlreadyConverted,
    ConfirmationNeeded,
    FieldError,
    NotConvertible,
    StaleVersion,
    ValidationFailed,
)
from engine.records.conversions.converting import NEW, ConversionRequest, convert_record
from engine.records.conversions.keeping import Converted
from engine.records.conversions.offering import ConversionOffer, TargetOffer, offer_conversion, open_conversions
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Ref
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb, Item
from ui.pages.chrome import toast
from ui.pages.findings import finding_text, warning_codes, warning_texts
from ui.pages.record_names import record_key
from ui.pages.rights import readable_object, user_formats
from ui.pages.values import shown_value
from ui.refused import note_caught
from ui.whole_numbers import whole_number

blueprint = Blueprint("converting", __name__)

_TEMPLATE = "pages/convert.html"
_USE = "use-"
CONFIRM = "fs-confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThereOption:
    """A record that is there already. matched: whether the conversion's own key finds it, or a duplicate rule."""

    value: str
    title: str
    href: str
    matched: bool
    checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCard:
    """One record that will be made, or taken from those that are there."""

    name: str
    title: str
    icon: str
    items: tuple[Item, ...]
    there: tuple[ThereOption, ...]
    new_checked: bool
    may_create: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertPage:
    """The context `page` of templates/pages/convert.html."""

    title: str
    label: str
    crumbs: tuple[Crumb, ...]
    action: str
    cancel_url: str
    conversion: str
    version: int
    targets: tuple[TargetCard, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    codes: str
    carried: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertLink:
    """A button of a record's page that leads to a conversion."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was chosen and found so far."""

    use: Mapping[str, str]
    errors: Sequence[FieldError] = ()
    warnings: Sequence[FieldError] = ()


@blueprint.get("/o/<object_name>/<record_id>/convert")
def show_conversion(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show what a record would become."""
    return _show(readable_object(object_name), record_id, request.args.get("conversion"), _Asked({}))


@blueprint.post("/o/<object_name>/<record_id>/convert")
def convert(object_name: str, record_id: str) -> ResponseReturnValue:
    """Convert a record as it was chosen; what stands against it comes back with the choice."""
    object_def = readable_object(object_name)
    given = request.form
    use = {name.removeprefix(_USE): value for name, value in given.items() if name.startswith(_USE) and value}
    version = given.get("version", "")
    asked = ConversionRequest(
        conversion=given.get("conversion") or None,
        use=use,
        version=whole_number(version),
        confirm=tuple(given.get(CONFIRM, "").split(",")),
    )
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            done = convert_record(transaction, object_def, record_id, asked)
    except (AlreadyConverted, NotConvertible) as refused:
        toast(refused.reason, "error")
        return redirect(back, 303)
    except ValidationFailed as refused:
        note_caught(refused)
        return _show(object_def, record_id, asked.conversion, _Asked(use, errors=refused.errors))
    except ConfirmationNeeded as needed:
        return _show(object_def, record_id, asked.conversion, _Asked(use, warnings=needed.warnings))
    except StaleVersion:
        toast(_("Somebody else saved this record meanwhile; please look again."), "warning")
        return redirect(f"{back}/convert?{urlencode({'conversion': asked.conversion or ''})}", 303)
    toast(_("The record was converted."))
    return redirect(_landing(done, back), 303)


def conversion_links(transaction: Transaction, object_def: ObjectDef, record_id: str) -> tuple[ConvertLink, ...]:
    """Give the conversions that the person can do with a record that was not converted yet, for its page."""
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}/convert"
    return tuple(
        ConvertLink(
            label=label_text(plan.definition.label, language(), str(_("Convert"))),
            href=f"{url}?{urlencode({'conversion': plan.definition.name})}",
        )
        for plan in open_conversions(transaction, object_def, record_id)
    )


def _landing(done: Converted, back: str) -> str:
    """Give the page to go on with: the last record that was made and may be read."""
    seen = [each for each in done.made if each.title]
    return f"/o/{quote(seen[-1].object)}/{quote(seen[-1].id)}" if seen else back


def _show(object_def: ObjectDef, record_id: str, conversion: str | None, asked: _Asked) -> ResponseReturnValue:
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    with platform().records.reading(actor(), release=release()) as transaction:
        title = transaction.get(object_def.key, record_id, fields=("id",)).title
        offer = offer_conversion(transaction, object_def, record_id, conversion or None)
        formats = user_formats()
        cards = tuple(_card(transaction, each, asked, formats) for each in offer.targets)
    if offer.converted or not offer.ready:
        toast(_("This record can't be converted now."), "error")
        return redirect(back, 303)
    status = 422 if asked.errors or asked.warnings else 200
    return render_template(_TEMPLATE, page=_page(object_def, title, back, offer, cards, asked)), status


def _page(
    object_def: ObjectDef,
    title: str,
    back: str,
    offer: ConversionOffer,
    cards: tuple[TargetCard, ...],
    asked: _Asked,
) -> ConvertPage:
    tongue, metamodel = language(), release().metamodel
    definition = metamodel.conversions[offer.conversion]
    names = {target.name for target in offer.targets}
    lists = [metamodel.objects[object_def.inverses[name].object] for name in definition.carry]
    plural = label_text(object_def.plural or object_def.label, tongue, object_def.name)
    label = label_text(definition.label, tongue, str(_("Convert")))
    return ConvertPage(
        title=title or str(_("Without a name")),
        label=label,
        crumbs=(
            Crumb(label=plural, href=f"/o/{quote(object_def.key)}"),
            Crumb(label=title, href=back),
            Crumb(label=label),
        ),
        action=f"{back}/convert",
        cancel_url=back,
        conversion=offer.conversion,
        version=offer.version,
        targets=cards,
        problems=tuple(each.message for each in asked.errors if _target_of(each) not in names),
        warnings=warning_texts(asked.warnings),
        codes=warning_codes(asked.warnings),
        carried=tuple(label_text(each.plural or each.label, tongue, each.name) for each in lists),
    )


def _card(transaction: Transaction, offer: TargetOffer, asked: _Asked, formats: Formats) -> TargetCard:
    chosen = asked.use.get(offer.name) or offer.takes or ("" if offer.matched else NEW)
    found = (*asked.errors, *asked.warnings)
    return TargetCard(
        name=offer.name,
        title=label_text(offer.object.label, formats.language, offer.object.name),
        icon=offer.object.icon or "box",
        items=_items(transaction, offer, formats),
        there=tuple(
            ThereOption(
                value=each.id,
                title=each.title or str(_("Without a name")),
                href=f"/o/{quote(each.object)}/{quote(each.id)}",
                matched=index < offer.matched,
                checked=chosen == each.id,
            )
            for index, each in enumerate(offer.there)
        ),
        new_checked=chosen == NEW,
        may_create=offer.may_create,
        problems=tuple(finding_text(offer.object, each) for each in found if _target_of(each) == offer.name),
    )


def _items(transaction: Transaction, offer: TargetOffer, formats: Formats) -> tuple[Item, ...]:
    """Show what a new record gets; lookups by title, those to records that are made with it are left out."""
    fields = offer.object.fields
    keys = {name: record_key(fields[name], value) for name, value in offer.values.items()}
    titles = transaction.reader.titles(key for key in keys.values() if key is not None)
    found = []
    for name, value in offer.values.items():
        key = keys[name]
        title = titles.get(key) if key is not None else None
        if value in (None, "") or (fields[name].relation is not None and not title):
            continue
        if isinstance(value, str | Ref) or fields[name].relation is None:
            label = label_text(fields[name].label, formats.language, name)
            found.append(Item(label=label, shown=shown_value(fields[name], value, title, formats)))
    return tuple(found)


def _target_of(error: FieldError) -> str:
    parts = (error.field or "").split(".")
    return parts[1] if parts[0] == "use" and len(parts) > 1 else parts[0]
