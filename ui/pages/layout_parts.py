"""Parts of a record page that depend on its layout alone: labels, highlights, sections, the stage path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.records.record_state import RecordState
from engine.records.types import Record
from metamodel.fields import FieldDef, OptionDef
from metamodel.objects import ObjectDef
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


def highlight_items(object_def: ObjectDef, record: Record, formats: Formats) -> tuple[Item, ...]:
    """Show the highlights that may be read."""
    names = [name for name in object_def.layout.highlights if name in record.values]
    return tuple(shown_item(object_def.fields[name], record, formats) for name in names)


def shown_sections(object_def: ObjectDef, record: Record, state: RecordState, formats: Formats) -> tuple[Section, ...]:
    """Show the sections that are visible now, without fields that are hidden or may not be read."""
    found = []
    for index, (section, visible) in enumerate(zip(object_def.layout.sections, state.sections, strict=True)):
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
    field = object_def.fields.get(object_def.layout.path or "")
    if field is None or field.choice is None or field.name not in record.values:
        return None
    current = record.values.get(field.name)
    options = [option for option in field.choice.options if option.active or option.name == current]
    at = next((index for index, option in enumerate(options) if option.name == current), -1)
    allowed = _allowed(field, current) if field.name in state.changeable else ()
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


def next_options(field: FieldDef, current: object) -> Sequence[OptionDef]:
    """Give the options that a record at `current` may be moved to."""
    if field.choice is None:
        return ()
    allowed = _allowed(field, current)
    return [option for option in field.choice.options if option.name in allowed and option.name != current]


def _allowed(field: FieldDef, current: object) -> Sequence[str]:
    assert field.choice is not None
    names = [option.name for option in field.choice.options if option.active]
    found = field.choice.allowed_next(str(current)) if current is not None else None
    return names if found is None else [name for name in names if name in found]


def _is_end(option: OptionDef) -> bool:
    # An option nothing leads on from in good or bad: its colour says which, as its author chose.
    return option.color in ("green", "red") and option.attribute("closed") is True


def _tone(option: OptionDef) -> Literal["", "won", "lost"]:
    if option.attribute("closed") is not True:
        return ""
    return "won" if option.color == "green" else "lost" if option.color == "red" else ""
