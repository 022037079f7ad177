"""Gives objects the fields of their service clocks, before anything else is linked that may name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from metamodel.app_tree import AppTree
from metamodel.folder import FileKind
from metamodel.linking.object_names import ObjectNames
from metamodel.reading.node_values import Reading
from metamodel.reading.object_file import ObjectDraft
from metamodel.reading.service_files import read_service_clock
from metamodel.service_clocks import clock_fields


def add_clock_fields(
    drafts: Mapping[str, ObjectDraft], trees: Iterable[AppTree], names: ObjectNames, reading: Reading
) -> dict[str, ObjectDraft]:
    """Give the drafts with the fields of the clocks in sla/; a field of the author's own stays, the check tells."""
    found = dict(drafts)

    def find(name: str | None, app: str) -> str | None:
        return names.find(name, app) if name is not None else None

    for node in (node for tree in trees for node in tree.files[FileKind.SLA]):
        clock = read_service_clock(node, reading, find)
        draft = found.get(clock.object or "")
        if draft is not None and clock.name:
            found[draft.key] = replace(draft, fields={**clock_fields(clock, reading.language), **draft.fields})
    return found
