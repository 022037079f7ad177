"""Completeness of records: which fields of an object count, with what weight, and the field `quality` they make.

The field is a formula over the record's own fields, so that lists, reports, rules and rights know nothing of it that
they do not know of any formula. How it is shown and queued is the pages' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from metamodel.fields import FieldDef
from metamodel.reading.node_values import child, entries, flag, integer
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar

QUALITY = "quality"


def with_weights(fields: Mapping[str, FieldDef], node: Node) -> dict[str, FieldDef]:
    """Give fields with the weights that `quality: true` of a field and `quality: {field: weight}` of the object say."""
    weights = {key.text: 1 for key in marked_fields(node)}
    for key, value in entries(child(node, QUALITY)):
        weight = integer(value)
        if weight is not None and key.text in fields:
            weights[key.text] = max(weight, 0)
    if not weights:
        return dict(fields)
    return {
        name: replace(field, quality=weights[name]) if weights.get(name) and is_weighable(field) else field
        for name, field in fields.items()
    }


def marked_fields(node: Node) -> list[Scalar]:
    """Give the names of the fields that say `quality: true`, as an object's node has them."""
    marked: list[Scalar] = []
    for name, field in entries(child(node, "fields")):
        if isinstance(field, MappingNode):
            marked += [name for key, value in field.entries if key.text == QUALITY and flag(value)]
    return marked


def is_weighable(field: FieldDef) -> bool:
    """Tell whether a field can be left empty by people: neither computed nor a boolean, and not encrypted."""
    return not field.is_computed and field.type != "boolean" and not field.encrypted


def is_weighed(fields: Iterable[FieldDef]) -> bool:
    """Tell whether any field counts for completeness."""
    return any(field.quality for field in fields)


def quality_field(fields: Mapping[str, FieldDef], app: str, at: Location, label: Label) -> FieldDef:
    """Make the completeness of an object's records: the filled share of what counts, by weight; empty where none."""
    return FieldDef(
        name=QUALITY,
        type="percent",
        app=app,
        at=at,
        label=label,
        system=True,
        history=False,
        index=is_weighed(fields.values()),
        formula=LocatedText(text=_share(fields.values()), at=at),
    )


def _share(fields: Iterable[FieldDef]) -> str:
    """Write the expression: fields of one weight are counted together."""
    by_weight: dict[int, list[str]] = {}
    for field in fields:
        if field.quality:
            by_weight.setdefault(field.quality, []).append(field.name)
    if not by_weight:
        # The share of nothing is no number, but a percentage all the same.
        return "if(true, empty, 0%)"
    counts = [f"{weight} * filled({', '.join(names)})" for weight, names in sorted(by_weight.items())]
    total = sum(weight * len(names) for weight, names in by_weight.items())
    return f"({' + '.join(counts)}) / {total}"
