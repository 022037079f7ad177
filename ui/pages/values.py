"""Values as record pages show them: a kind and a text in the user's language, as the macro `value` takes them."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from markupsafe import Markup

from engine.records.types import Record
from metamodel.field_types.number import most_stars
from metamodel.fields import FieldDef
from metamodel.texts import label_text
from metamodel.values import LinkedRecords
from ui.file_markup import shown_files
from ui.formats import Formats
from ui.link_markup import linked_html
from ui.page_parts import Shown
from ui.rows import plain_text, reference_url, several_writer
from ui.value_markup import document, formatted, stars, swatch


def shown_value(field: FieldDef, value: object, title: str | None, formats: Formats) -> Shown:
    """Make the shown form of a field's value; title: of the record a lookup points at, None = may not be read."""
    kind = field.value_type
    if value is None:
        return Shown(kind=kind)
    if isinstance(value, LinkedRecords):
        return _linked(field, value)
    if field.relation is not None:
        target = field.relation.single_target
        person = "user" in field.relation.targets
        return Shown(
            kind="user" if person else "lookup",
            text=title or "",
            href=reference_url(target, value) if title else "",
        )
    if field.holds_several and isinstance(value, tuple):
        words = {"yes": "", "no": ""}
        text = plain_text(field, formats, words)(value)
        drawn = Markup(several_writer(field, formats, words)(value))  # noqa: S704
        return Shown(kind=kind, text=text, markup=drawn)
    if field.choice is not None:
        option = field.choice.option(str(value))
        text = label_text(option.label, formats.language, option.name) if option is not None else str(value)
        return Shown(kind="choice", text=text, color=(option.color if option is not None else None) or "gray")
    words = {"yes": str(_("Yes")), "no": str(_("No"))} if kind == "boolean" else {}
    text = plain_text(field, formats, words)(value)
    return Shown(kind=kind, text=text, href=_href(kind, str(value)), iso=_iso(value), markup=_markup(field, value))


def value_at(field: FieldDef, record: Record, path: str, formats: Formats) -> Shown:
    """Make the shown form of what a record has at a path that ends in a field: masked, where its reader sees it so."""
    mask = record.masked.get(path)
    if mask is not None:
        return masked_value(mask)
    return shown_value(field, record.values.get(path), record.titles.get(path), formats)


def _linked(field: FieldDef, value: LinkedRecords) -> Shown:
    target = field.relation.single_target if field.relation is not None else None
    return Shown(kind=field.type, text=str(value), markup=Markup(linked_html(value, target)))  # noqa: S704


def masked_value(mask: str) -> Shown:
    """Make the shown form of a value that its reader sees masked."""
    return Shown(kind="masked", text=mask)


def _markup(field: FieldDef, value: object) -> Markup | None:
    """Give the drawing of a value that is more than a text."""
    match field.value_type, value:
        case "rich_text", str():
            return formatted(value)
        case "json", str():
            return document(value)
        case "file" | "files" | "image" | "signature", _:
            return shown_files(value)
        case "color", str():
            return Markup(swatch(value))  # noqa: S704
        case "rating", int():
            return Markup(stars(value, most_stars(field)))  # noqa: S704
    return None


def _href(kind: str, text: str) -> str:
    if kind == "url":
        return text if text.startswith(("https://", "http://")) else ""
    return {"email": "mailto:", "phone": "tel:"}.get(kind, "") + text if kind in ("email", "phone") else ""


def _iso(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, dt.date) else ""
