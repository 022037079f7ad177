"""Parts of a record page that depend on its layout alone: labels, highlights, sections."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from engine.records.record_state import RecordState
from engine.records.revealing import REVEAL
from engine.records.types import Record
from metamodel.fields import FieldDef
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import Item
from ui.pages.form_values import is_edited_in_place
from ui.pages.rights import access_of
from ui.pages.values import value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled group of shown fields."""

    id: str
    label: str
    columns: int
    items: tuple[Item, ...]


def shown_item(
    field: FieldDef,
    record: Record,
    formats: Formats,
    edit_url: str = "",
    blame_url: str = "",
    reveal_url: str = "",
) -> Item:
    """Show one field of a record; edit_url: where it is changed by itself, blame_url: where it says what set it.

    reveal_url: where it is shown in clear if it is masked.
    """
    shown = value_at(field, record, field.name, formats)
    return Item(
        label=label_text(field.label, formats.language, field.name),
        shown=shown,
        help=field.help.in_language(formats.language) if field.help is not None else "",
        full=field.value_type in ("long_text", "rich_text", "json", "files"),
        edit_url=edit_url,
        blame_url=blame_url,
        reveal_url=reveal_url if shown.kind == "masked" else "",
    )


def highlight_items(object_def: ObjectDef, layout: LayoutDef, record: Record, formats: Formats) -> tuple[Item, ...]:
    """Show the highlights that may be read."""
    names = [name for name in layout.highlights if name in record.values]
    return tuple(shown_item(object_def.fields[name], record, formats) for name in names)


def shown_sections(object_def: ObjectDef, record: Record, state: RecordState, formats: Formats) -> tuple[Section, ...]:
    """Show the sections that are visible now, without fields that are hidden or may not be read."""
    found, fields = [], object_def.fields
    edited = {name for name in state.changeable if is_edited_in_place(fields[name])}
    url = f"/o/{quote(object_def.key)}/{quote(record.id)}"
    base = f"{url}/field/"
    reveal = f"{url}/reveal?field=" if access_of().has_right(REVEAL) else ""
    # Of what lies in another database no log tells.
    blame = f"{url}/blame#blame-" if object_def.source is None else ""
    for index, (section, visible) in enumerate(zip(state.layout.layout.sections, state.sections, strict=True)):
        names = [name for name in section.fields if name in record.values and name not in state.hidden]
        if visible and names:
            found.append(
                Section(
                    id=f"section-{index + 1}",
                    label=label_text(section.label, formats.language, ""),
                    columns=section.columns,
                    items=tuple(
                        shown_item(
                            fields[name],
                            record,
                            formats,
                            base + quote(name) if name in edited else "",
                            blame and blame + quote(name),
                            reveal and reveal + quote(name),
                        )
                        for name in names
                    ),
                )
            )
    return tuple(found)
