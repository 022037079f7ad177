"""Reads the options of a choice field, written on the field or in a shared option set."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping

from metamodel.field_types import FieldValueError
from metamodel.fields import ChoiceDef, FieldDef, OptionDef
from metamodel.names import did_you_mean
from metamodel.reading.node_values import Reading, as_hint, child, entries, flag, integer, items, label, word, words
from metamodel.source import Location
from metamodel.yaml_nodes import Mapping, Node, Scalar

OPTION_KEYS = ("label", "color", "order", "active", "tip", "requires", "for", "was")


Attributes = tuple[tuple[str, object], ...]


def read_choice(node: Mapping, option_sets: AbstractMapping[str, Mapping], reading: Reading) -> ChoiceDef:
    """Read the options, attributes and transitions of a choice field."""
    written = node.get("options")
    set_name = word(written)
    holder = node
    if isinstance(written, Scalar) and set_name is not None:
        found = option_sets.get(set_name)
        if found is None:
            reading.problems.report(
                "OBJ221", f"'{set_name}' is not an option set", written.at,
                hint=did_you_mean(set_name, option_sets), length=written.length,
            )  # fmt: skip
        else:
            holder = found
    types = attribute_types(child(holder, "attributes"))
    options = read_options(child(holder, "options") if holder is not node or set_name is None else None, types, reading)
    transitions = tuple((entry.key.text, words(entry.value)) for entry in entries(node.get("transitions")))
    return ChoiceDef(
        options=options,
        attribute_types=tuple(types.items()),
        transitions=transitions,
        option_set=set_name if holder is not node else None,
        depends_on=word(node.get("depends_on")),
    )


def attribute_types(node: Node | None) -> dict[str, str]:
    """Read `attributes:`, attribute → field type name."""
    return {entry.key.text: word(entry.value) or "text" for entry in entries(node)}


def read_options(node: Node | None, types: dict[str, str], reading: Reading) -> tuple[OptionDef, ...]:
    """Read options written as a list of names or as name → keys, in the order they show."""
    found = [
        OptionDef(name=item.text, at=item.at, order=number, attributes=_unsaid(types, ()))
        for number, item in enumerate(items(node))
        if isinstance(item, Scalar)
    ]
    for number, entry in enumerate(entries(node)):
        found.append(_read_option(entry.key, entry.value, number, types, reading))
    return tuple(sorted(found, key=lambda option: option.order))


def _read_option(key: Scalar, node: Node, number: int, types: dict[str, str], reading: Reading) -> OptionDef:
    # An option has few of the keys there are: each is looked for among those that are written.
    said = {entry.key.text: entry.value for entry in entries(node)}
    written_order = integer(said.get("order"))
    short = label(node, reading.language) if isinstance(node, Scalar) else None
    return OptionDef(
        name=key.text,
        at=key.at,
        label=short or label(said.get("label"), reading.language),
        color=word(said.get("color")),
        order=number if written_order is None else written_order,
        active=flag(said.get("active"), default=True),
        tip=label(said.get("tip"), reading.language),
        requires=words(said.get("requires")),
        only_for=words(said.get("for")),
        was=word(said.get("was")),
        attributes=_with_unsaid(_read_attributes(node, types, reading), types),
    )


def _with_unsaid(said: Attributes, types: dict[str, str]) -> Attributes:
    return (*said, *_unsaid(types, said))


def _unsaid(types: dict[str, str], said: Attributes) -> Attributes:
    # A boolean is never empty: an option that does not say it is `closed` is not.
    named = {name for name, _ in said}
    return tuple((name, False) for name, kind in types.items() if kind == "boolean" and name not in named)


def _read_attributes(node: Node, types: dict[str, str], reading: Reading) -> Attributes:
    found: list[tuple[str, object]] = []
    for key, value in entries(node):
        if key.text in OPTION_KEYS:
            continue
        if key.text not in types:
            hint = did_you_mean(key.text, (*OPTION_KEYS, *types)) or "declare it under 'attributes'"
            reading.problems.report(
                "OBJ223", f"'{key.text}' is not a key of an option, nor one of its attributes", key.at,
                hint=hint, length=key.length,
            )  # fmt: skip
            continue
        field_type = reading.types.find(types[key.text])
        if field_type is None or not isinstance(value, Scalar):
            continue
        stand_in = FieldDef(name=key.text, type=field_type.name, app="", at=Location(file=key.source.file))
        try:
            found.append((key.text, field_type.parse(value.text, stand_in, reading.context)))
        except FieldValueError as error:
            reading.problems.report(
                "OBJ222", f"'{value.text}' is not a value of the attribute '{key.text}' ({field_type.name})", value.at,
                hint=as_hint(error), length=value.length,
            )  # fmt: skip
    return tuple(found)
