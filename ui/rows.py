"""The HTML rows of a list, written by a function made once per release, role set, view and language.

A row function is a tuple of cell writers chosen by field type, so that a page of fifty rows costs string joins and no
template. The markup is the one docs/frontend.md fixes; what the cells hold was read through the door before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from engine.records.types import Record
from metamodel.field_types.number import most_stars
from metamodel.field_types.rich_text import plain_text as rich_plain_text
from metamodel.fields import ChoiceDef, FieldDef
from metamodel.links import LINKS
from metamodel.texts import label_text
from metamodel.values import Ref
from ui.file_markup import file_chips
from ui.formats import Formats
from ui.link_markup import links_cell
from ui.shown import masked_html, person_html
from ui.value_markup import day, instant, phone_link, phone_text, short_text, stars, swatch, web_link
from ui.written import html_text, written

NUMBER_TYPES = frozenset({"integer", "decimal", "percent", "money", "duration"})
REFERENCE_TYPES = frozenset({"lookup", "child_of"})
LONGEST_TEXT = 200

_KEPT = 4_096

CellWriter = Callable[[Record], str]
RowWriter = Callable[[Sequence[Record]], Markup]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumn:
    """One column of a list.

    path: as in `Record.values`. field: the field at its end. label: in the user's language.
    linked: whether the record a lookup points at may be opened (its object is readable). edited: whether the person's
    roles change the field in some records, so that its cells can be changed in place. masked: whether some records
    show a mask in the field's place.
    """

    path: str
    field: FieldDef
    label: str
    linked: bool = True
    edited: bool = False
    masked: bool = False


def compile_rows(
    object_key: str, columns: Sequence[RowColumn], formats: Formats, words: Mapping[str, str], *, select: bool
) -> RowWriter:
    """Make the function that writes the rows of a list.

    words: the user's words for `yes`, `no` and `select` (the check box's label, before the record's title).
    select: whether each row starts with a check box.
    """
    base = f"/o/{quote(object_key)}/"
    writers = [_title_cell(columns[0], formats, words, base)] if columns else []
    writers += [_cell(column, formats, words) for column in columns[1:]]
    open_row = f'<tr id="record-{escape(object_key)}-'
    check = f'aria-label="{escape(words["select"])} '

    def write(records: Sequence[Record]) -> Markup:
        parts: list[str] = []
        for record in records:
            parts.append(f'{open_row}{record.id}" data-fs-row>')
            if select:
                parts.append(
                    '<td class="col-check"><input type="checkbox" class="form-check-input" form="bulk-form" '
                    f'name="fs-record" value="{record.id}" {check}{html_text(record.title)}"></td>'
                )
            parts += [writer(record) for writer in writers]
            parts.append("</tr>\n")
        return written(parts)

    return write


def plain_text(field: FieldDef, formats: Formats, words: Mapping[str, str]) -> Callable[[Any], str]:
    """Make the function that writes a field's value (not empty, not a reference) as plain text."""
    kind = field.value_type
    if field.choice is not None:
        labels = _option_labels(field.choice, formats.language)
        if kind == "multi_choice":
            return lambda value: ", ".join(labels.get(each, str(each)) for each in value)
        return lambda value: labels.get(value, str(value))
    if field.holds_several:
        return (lambda value: ", ".join(map(phone_text, value))) if kind == "phone" else ", ".join
    known: dict[str, Callable[[Any], str]] = {
        "boolean": lambda value: words["yes"] if value else words["no"],
        "integer": str if _is_short(field) else formats.number,
        "decimal": formats.number,
        "percent": formats.percent,
        "money": formats.money,
        "date": formats.date,
        "datetime": formats.datetime,
        "time": formats.time,
        "duration": formats.duration,
        "phone": phone_text,
        "rating": lambda value: f"{value} / {most_stars(field)}",
        "rich_text": lambda value: " ".join(rich_plain_text(value).split()),
        "files": lambda value: ", ".join(map(str, value)),
    }
    return known.get(kind, str)


def _is_short(field: FieldDef) -> bool:
    """Say whether an integer has no more than four digits by its definition, such as a year, which nobody groups."""
    return isinstance(field.maximum, int) and field.maximum < 10_000


def _title_cell(column: RowColumn, formats: Formats, words: Mapping[str, str], base: str) -> CellWriter:
    path, text_of = column.path, plain_text(column.field, formats, words)
    is_reference = column.field.relation is not None
    start = f'<td class="col-title" data-label="{escape(column.label)}"><a class="row-link" href="{base}'

    def write(record: Record) -> str:
        value = record.values.get(path)
        text = record.titles.get(path, "") if is_reference else text_of(value) if value is not None else ""
        text = text or record.masked.get(path, "")
        return f'{start}{record.id}">{html_text(text or record.title or "–")}</a></td>'

    return write


def _cell(column: RowColumn, formats: Formats, words: Mapping[str, str]) -> CellWriter:
    if column.masked:
        return _masking(column, _cell(replace(column, masked=False), formats, words))
    field = column.field
    if field.type == LINKS:
        return links_cell(column.path, column.label, _single_target(field) if column.linked else None)
    if field.relation is not None:
        return _person_cell(column) if _is_person(field) else _reference_cell(column)
    inner = _inner(field, formats, words)
    label = escape(column.label)
    css = ' class="end"' if field.value_type in NUMBER_TYPES else ""
    css = ' class="nw"' if field.value_type in ("date", "datetime", "time", "rating", "color") else css
    start, empty, path = f'<td{css} data-label="{label}">', f'<td class="nil" data-label="{label}"></td>', column.path

    if field.choice is not None or field.value_type in ("date", "boolean", "percent"):
        return _repeating_cell(path, start, empty, inner)

    def write(record: Record) -> str:
        value = record.values.get(path)
        return empty if value is None else f"{start}{inner(value)}</td>"

    return write


def _masking(column: RowColumn, clear: CellWriter) -> CellWriter:
    css = "end nw" if column.field.value_type in NUMBER_TYPES else "nw"
    path, start = column.path, f'<td class="{css}" data-label="{escape(column.label)}">'

    def write(record: Record) -> str:
        mask = record.masked.get(path)
        return clear(record) if mask is None else f"{start}{masked_html(mask)}</td>"

    return write


def _repeating_cell(path: str, start: str, empty: str, inner: Callable[[Any], str]) -> CellWriter:
    """Make the writer of a cell whose values repeat from row to row: each distinct one is written once."""
    known: dict[Any, str] = {None: empty}

    def write(record: Record) -> str:
        value = record.values.get(path)
        found = known.get(value)
        if found is None:
            if len(known) > _KEPT:
                known.clear()
                known[None] = empty
            found = known[value] = f"{start}{inner(value)}</td>"
        return found

    return write


def _inner(field: FieldDef, formats: Formats, words: Mapping[str, str]) -> Callable[[Any], str]:
    kind = field.value_type
    if field.holds_several:
        return several_writer(field, formats, words)
    if field.choice is not None:
        pills = {
            option.name: f'<span class="pill pill-{option.color or "gray"}">'
            f"{escape(label_text(option.label, formats.language, option.name))}</span>"
            for option in field.choice.options
        }
        return lambda value: pills.get(value) or f'<span class="pill pill-gray">{escape(value)}</span>'
    special: dict[str, Callable[[Any], str]] = {
        "date": lambda value: day(value, formats.date(value)),
        "datetime": lambda value: instant(value, formats.datetime(value)),
        "email": lambda value: f'<a href="mailto:{html_text(value)}">{html_text(value)}</a>',
        "phone": phone_link,
        "url": web_link,
        "long_text": lambda value: html_text(value[:LONGEST_TEXT]),
        "rich_text": lambda value: short_text(value, LONGEST_TEXT),
        "json": lambda value: f"<code>{html_text(value[:LONGEST_TEXT])}</code>",
        **dict.fromkeys(("file", "files", "image", "signature"), file_chips),
        "color": swatch,
        "rating": lambda value: stars(value, most_stars(field)),
    }
    if kind in special:
        return special[kind]
    text_of = plain_text(field, formats, words)
    if kind in NUMBER_TYPES:
        return text_of  # digits and signs need no escape
    return lambda value: html_text(text_of(value))


def several_writer(field: FieldDef, formats: Formats, words: Mapping[str, str]) -> Callable[[Any], str]:
    """Make the function that writes several values, each as one of its kind is: pills, or links with commas."""
    pill = '<span class="pill pill-{}">{}</span>'
    if field.choice is not None:
        pills = {
            option.name: pill.format(
                option.color or "gray", escape(label_text(option.label, formats.language, option.name))
            )
            for option in field.choice.options
        }
        return lambda values: " ".join(pills.get(each) or pill.format("gray", escape(each)) for each in values)
    if field.value_type == "tags":
        return lambda values: " ".join(pill.format("gray", html_text(each)) for each in values)
    one = _inner(replace(field, multiple=False), formats, words)
    return lambda values: ", ".join(one(each) for each in values)


def _reference_cell(column: RowColumn) -> CellWriter:
    path, label = column.path, escape(column.label)
    target = _single_target(column.field)
    empty = f'<td class="nil" data-label="{label}"></td>'
    start = f'<td data-label="{label}">'

    href = f'{start}<a href="/o/{quote(target)}/' if target is not None else ""
    linked = column.linked

    def write(record: Record) -> str:
        title = record.titles.get(path)
        if title is None:
            return empty
        value = record.values[path]
        if not linked:
            return f"{start}{html_text(title)}</td>"
        if href:
            return f'{href}{value}">{html_text(title)}</a></td>'
        return f'{start}<a href="{reference_url(None, value)}">{html_text(title)}</a></td>'

    return write


def _single_target(field: FieldDef) -> str | None:
    return field.relation.single_target if field.relation is not None else None


def _person_cell(column: RowColumn) -> CellWriter:
    path, label = column.path, escape(column.label)
    empty = f'<td class="nil" data-label="{label}"></td>'
    known: dict[str, str] = {}

    def write(record: Record) -> str:
        title = record.titles.get(path)
        if not title:
            return empty
        found = known.get(title)
        if found is None:
            if len(known) > _KEPT:
                known.clear()
            found = known[title] = f'<td data-label="{label}">{person_html(title)}</td>'
        return found

    return write


def reference_url(target: str | None, value: object) -> str:
    """Give the address of the record that a lookup's value points at; target: its object, None = polymorphic."""
    if isinstance(value, Ref):
        return f"/o/{quote(value.object)}/{quote(value.id)}"
    return f"/o/{quote(target)}/{quote(str(value))}" if target else ""


def _is_person(field: FieldDef) -> bool:
    relation = field.relation
    return relation is not None and "user" in relation.targets and set(relation.targets) <= {"user", "queue"}


def _option_labels(choice: ChoiceDef, language: str) -> dict[str, str]:
    return {option.name: label_text(option.label, language, option.name) for option in choice.options}


__all__ = ["RowColumn", "RowWriter", "compile_rows", "plain_text", "reference_url"]
