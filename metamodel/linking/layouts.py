"""Completes an object's layouts: record types name theirs, and every form can say of which type a record is."""

from __future__ import annotations

from dataclasses import replace

from metamodel.layouts import LayoutDef, SectionDef
from metamodel.reading.object_file import ObjectDraft
from metamodel.record_types import RECORD_TYPE


def with_record_type(layout: LayoutDef, draft: ObjectDraft) -> LayoutDef:
    """Give a layout in which the record type has a place: where the author gave none, before all other fields."""
    if not draft.record_types or any(RECORD_TYPE in section.fields for section in layout.sections):
        return layout
    if not layout.sections:
        return replace(layout, sections=(SectionDef(fields=(RECORD_TYPE,), at=layout.at),))
    first, *others = layout.sections
    if first.visible_if is not None:
        # A type that can't be chosen now would be a trap.
        return replace(layout, sections=(SectionDef(fields=(RECORD_TYPE,), at=layout.at), first, *others))
    return replace(layout, sections=(replace(first, fields=(RECORD_TYPE, *first.fields)), *others))


def complete_layouts(draft: ObjectDraft) -> tuple[LayoutDef, ...]:
    """Give the named layouts: one that a record type names is for that type, as if the layout itself said so."""
    found = []
    for layout in draft.layouts:
        named_by = tuple(kind.name for kind in draft.record_types if kind.layout == layout.name)
        kinds = tuple(dict.fromkeys((*layout.record_types, *named_by)))
        found.append(with_record_type(replace(layout, record_types=kinds), draft))
    return tuple(found)
