"""Parts of a record page that depend on its layout alone: labels, highlights, sections, the stage path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.records.record_state import RecordState
from engine.records.types import Record
from metamodel.fields import FieldDef, OptionDef
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.record_types import fitting_options
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import Item, PathStep
from ui.pages.values import shown_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled group of shown fields."""

    id: str
    label: str
    columns: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePath:
    """The stage bar: its field, its steps, and the tip of the stage the record is in."""

    field: str
    label: str
    steps: tuple[PathStep, ...]
    tip: str


def shown_item(field: FieldDef, record: Record, formats: Formats) -> Item:
    """Show one field of a record."""
    return Item(
        label=label_text(field.label, formats.language, field.name),
        shown=shown_value(field, record.values.get(field.name), record.titles.get(field.name), formats),
        help=field.help.in_language(formats.language) if field.help is not None else "",
        full=field.value_type in ("long_text", "rich_text"),
    )


def highlight_items(object_def: ObjectDef, layout: LayoutDef, record: Record, formats: Formats) -> tuple[Item, ...]:
    """Show the highlights that may be read."""
    names = [name for name in layout.highlights if name in record.values]
    return tuple(shown_item(object_def.fields[name], record, formats) for name in names)


def shown_sections(object_def: ObjectDef, record: Record, state: RecordState, formats: Formats) -> tuple[Section, ...]:
    """Show the sections that are visible now, without fields that are hidden or may not be read."""
    found = []
    for index, (section, visible) in enumerate(zip(state.layout.layout.sections, state.sections, strict=True)):
        names = [name for name in section.fields if name in record.values and name not in state.hidden]
        if visible and names:
            found.append(
                Section(
                    id=f"section-{index + 1}",
                    label=label_text(section.label, formats.language, ""),
                    columns=section.columns,
                    items=tuple(shown_item(object_def.fields[name], record, formats) for name in names),
                )
            )
    return tuple(found)


def stage_path(object_def: ObjectDef, record: Record, state: RecordState, formats: Formats) -> StagePath | None:
    """Make the stage bar, where the layout has one and its field may be read."""
    field = object_def.fields.get(state.layout.layout.path or "")
    if field is None or field.choice is None or field.name not in record.values:
        return None
    current = record.values.get(field.name)
    fitting = fitting_options(object_def, field, record.values)
    options = [option for option in fitting if option.active or option.name == current]
    # A record may stand where its type has no stage: nobody asked it again when the type was made.
    options += [option for option in field.choice.options if option.name == current and option not in options]
    at = next((index for index, option in enumerate(options) if option.name == current), -1)
    allowed = (
        [each.name for each in next_options(object_def, field, record.values)] if field.name in state.changeable else ()
    )
    ended = at >= 0 and _is_end(options[at])
    tip = options[at].tip if at >= 0 else None
    return StagePath(
        field=field.name,
        label=label_text(field.label, formats.language, field.name),
        steps=tuple(
            PathStep(
                value=option.name,
                label=label_text(option.label, formats.language, option.name),
                state="current" if index == at else "done" if index < at and not ended else "ahead",
                tone=_tone(option) if index == at else "",
                allowed=option.name in allowed and index != at,
            )
            for index, option in enumerate(options)
        ),
        tip=tip.in_language(formats.language) if tip is not None else "",
    )


def next_options(object_def: ObjectDef, field: FieldDef, values: Mapping[str, object]) -> Sequence[OptionDef]:
    """Give the options that a record with these values may be moved to."""
    if field.choice is None:
        return ()
    current = values.get(field.name)
    allowed = field.choice.allowed_next(str(current)) if current is not None else None
    return [
        option
        for option in fitting_options(object_def, field, values)
        if option.active and option.name != current and (allowed is None or option.name in allowed)
    ]


def _is_end(option: OptionDef) -> bool:
    # An option nothing leads on from in good or bad: its colour says which, as its author chose.
    return option.color in ("green", "red") and option.attribute("closed") is True


def _tone(option: OptionDef) -> Literal["", "won", "lost"]:
    if option.attribute("closed") is not True:
        return ""
    return "won" if option.color == "green" else "lost" if option.color == "red" else ""
