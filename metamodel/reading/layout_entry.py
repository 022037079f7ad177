"""Reads layouts: the default one under `layout:`, those chosen by who, what and where under `layouts:`."""

from __future__ import annotations

from metamodel.layouts import Device, LayoutDef, SectionDef
from metamodel.reading.node_values import Reading, child, entries, integer, items, label, located, scalars, word, words
from metamodel.yaml_nodes import Mapping, Node


def read_layout(node: Node | None, reading: Reading, *, name: str = "") -> LayoutDef | None:
    """Read a record page's layout; None where none is written."""
    if not isinstance(node, Mapping):
        return None
    sections = tuple(
        SectionDef(
            fields=words(section.get("fields")),
            at=section.at,
            label=label(section.get("label"), reading.language),
            columns=integer(section.get("columns")) or 2,
            visible_if=located(section.get("visible_if")),
        )
        for section in items(node.get("sections"))
        if isinstance(section, Mapping)
    )
    return LayoutDef(
        at=node.at,
        sections=sections,
        highlights=words(node.get("highlights")),
        path=word(node.get("path")),
        related=words(node.get("related")),
        actions=words(node.get("actions")),
        name=name,
        label=label(node.get("label"), reading.language),
        when=located(node.get("when")),
        roles=words(node.get("roles")),
        record_types=words(node.get("record_types")),
        devices=tuple(Device(each.text) for each in scalars(child(node, "device")) if each.text in tuple(Device)),
    )


def read_layouts(node: Node | None, reading: Reading) -> tuple[LayoutDef, ...]:
    """Read the named layouts in the order in which they are tried."""
    found = (read_layout(entry.value, reading, name=entry.key.text) for entry in entries(node))
    return tuple(layout for layout in found if layout is not None)
