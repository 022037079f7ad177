"""Choices whose options depend on other fields of the record: what decides, what fits, what stands for a default.

Which option goes with which value is the metamodel's (`record_types`); here are drafts that are filled and judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.record_types import deciding_fields, fitting_options, pipeline, standing_against

if TYPE_CHECKING:
    from engine.records.saving.drafts import RecordDraft


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A choice whose options depend on other fields of the record: its parent, the record type."""

    definition: FieldDef
    deciding: frozenset[str]


def narrowed_choices(object_def: ObjectDef, kept: Mapping[str, FieldDef]) -> tuple[Narrowed, ...]:
    """Give the choices among stored fields that others narrow, parents first."""
    found = [
        Narrowed(item, frozenset(deciding))
        for item in kept.values()
        if item.choice is not None and item.formula is None and (deciding := deciding_fields(object_def, item))
    ]
    depths = {each.definition.name: _depth(object_def, each.definition) for each in found}
    return tuple(sorted(found, key=lambda each: depths[each.definition.name]))


def _depth(object_def: ObjectDef, item: FieldDef) -> int:
    seen: list[str] = []
    above: FieldDef | None = item
    while above is not None and above.choice is not None and above.name not in seen:
        seen.append(above.name)
        above = object_def.fields.get(above.choice.depends_on or "")
    return len(seen)


def fits(draft: RecordDraft, definition: FieldDef) -> bool:
    """Say whether the options chosen of a field go with the record's other values."""
    value, choice = draft.values[definition.name], definition.choice
    if value is None or choice is None:
        return True
    chosen = [choice.option(name) for name in (value if isinstance(value, tuple) else (value,))]
    known = [option for option in chosen if option is not None]
    return all(standing_against(draft.plan.object, definition, option, draft.values) is None for option in known)


def fill_narrowed(draft: RecordDraft) -> None:
    """Put the first option of its record type where a default is of another type."""
    for narrowed in draft.plan.narrowed:
        name = narrowed.definition.name
        if name not in draft.given and not fits(draft, narrowed.definition):
            draft.put(name, _first_of_pipeline(draft, narrowed.definition))


def let_go(draft: RecordDraft) -> None:
    """Take options away that no longer go with what was typed elsewhere, down the chain of those that depend on them.

    The save refuses them; a form, which is asked at each change, lets the person choose again.
    """
    for narrowed in draft.plan.narrowed:
        definition = narrowed.definition
        if (narrowed.deciding | {definition.name}) & draft.changed and not fits(draft, definition):
            draft.put(definition.name, _first_of_pipeline(draft, definition))


def _first_of_pipeline(draft: RecordDraft, definition: FieldDef) -> str | None:
    if definition.default is None or definition.type != "choice":
        return None
    if pipeline(draft.plan.object, definition, draft.values) is None:
        return None
    options = fitting_options(draft.plan.object, definition, draft.values)
    return next((option.name for option in options if option.active), None)
