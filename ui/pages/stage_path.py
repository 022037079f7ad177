"""The stage path on top of a record page: its steps as the record's type orders them, tips, and times of the stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from babel.dates import format_timedelta

from engine.records.record_state import RecordState
from engine.records.stages import Stay
from engine.records.types import Record
from metamodel.fields import FieldDef, OptionDef
from metamodel.objects import ObjectDef
from metamodel.record_types import fitting_options
from metamodel.texts import label_text
from ui.formats import Formats
from ui.page_parts import PathStep


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRow:
    """One stay in a stage; left: '' while the record is there."""

    label: str
    entered: str
    left: str
    length: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePath:
    """The stage bar: its field, its steps, the tip of the stage the record is in, and its stays, the newest first."""

    field: str
    label: str
    steps: tuple[PathStep, ...]
    tip: str
    stays: tuple[StayRow, ...]


def stage_path(
    object_def: ObjectDef, record: Record, state: RecordState, stays: Sequence[Stay], now: datetime, formats: Formats
) -> StagePath | None:
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
                state=_state(option, index, at, ended=ended),
                tone=_tone(option) if index == at else "",
                allowed=option.name in allowed and index != at,
                tip=option.tip.in_language(formats.language) if option.tip is not None else "",
            )
            for index, option in enumerate(options)
        ),
        tip=tip.in_language(formats.language) if tip is not None else "",
        stays=tuple(_stay(field, stay, now, formats) for stay in reversed(stays) if stay.field == field.name),
    )


def _stay(field: FieldDef, stay: Stay, now: datetime, formats: Formats) -> StayRow:
    option = field.choice.option(stay.option) if field.choice is not None and stay.option is not None else None
    length = (stay.left_at or now) - stay.entered_at
    return StayRow(
        label=label_text(option.label, formats.language, option.name) if option is not None else stay.option or "–",
        entered=formats.datetime(stay.entered_at),
        left=formats.datetime(stay.left_at) if stay.left_at is not None else "",
        length=format_timedelta(length, granularity="minute", threshold=1.5, locale=formats.language.replace("-", "_")),
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


def _state(option: OptionDef, index: int, at: int, *, ended: bool) -> Literal["done", "current", "ahead"]:
    if index == at:
        return "current"
    # A closed stage that stands before the current one is another way out, which the record did not take.
    passed = index < at and not ended and option.attribute("closed") is not True
    return "done" if passed else "ahead"


def _is_end(option: OptionDef) -> bool:
    # An option nothing leads on from in good or bad: its colour says which, as its author chose.
    return option.color in ("green", "red") and option.attribute("closed") is True


def _tone(option: OptionDef) -> Literal["", "won", "lost"]:
    if option.attribute("closed") is not True:
        return ""
    return "won" if option.color == "green" else "lost" if option.color == "red" else ""
