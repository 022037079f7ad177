"""Reads one entry under `fields:` into a FieldDef; targets and roll-up types are resolved by linking."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from types import MappingProxyType
from typing import Any

from metamodel.field_types import FieldType, FieldValueError
from metamodel.field_types.text import TextType
from metamodel.fields import DefaultDef, FieldDef, OnDelete, RelationDef, RelationKind, RollupDef, RollupFunction
from metamodel.names import did_you_mean
from metamodel.reading.choice_entry import read_choice
from metamodel.reading.file_entry import read_file_limits
from metamodel.reading.json_entry import json_text
from metamodel.reading.node_values import Reading, as_hint, child, flag, integer, label, located, word, words
from metamodel.source import LocatedText
from metamodel.yaml_nodes import Mapping, Node, Scalar

_WORDS_FOR_BOOLEANS = frozenset(("yes", "no", "on", "off", "y", "n", "1", "0"))
_BY_TYPE = frozenset(("min", "max", "empty_as", "default"))
_RELATIONS = frozenset(kind.value for kind in RelationKind)

# Key → what it is in a definition, and how it is read; labels and what belongs to one type are read beside them.
_COMMON: AbstractMapping[str, tuple[str, Callable[[Node], object]]] = MappingProxyType(
    {
        **{
            name: (name, located)
            for name in ("required_if", "visible_if", "readonly_if", "pattern", "copy_from", "formula")
        },
        **{
            name: (name, flag)
            for name in ("required", "unique", "index", "external_id", "sensitive", "encrypted", "personal", "multiple")
        },
        **{name: (name, integer) for name in ("max_length", "digits")},
        **{name: (name, word) for name in ("normalise", "was")},
        "format": ("number_format", word),
    }
)


def read_field(
    key: Scalar, node: Node, option_sets: AbstractMapping[str, Mapping], reading: Reading, *, history: bool = True
) -> FieldDef:
    """Read a field; one whose type is not known (which the shape check tells) is read as a text.

    history: whether the object keeps a history, the default of the field's own `history:`.
    """
    field_type = reading.types.find(word(child(node, "type")) or "text") or TextType()
    if not isinstance(node, Mapping):
        node = Mapping(key.source, (), key.line, key.column)
    values, of_its_type = _common_values(node, reading, history=history)
    keys, at = field_type.keys, key.at
    values |= {"name": key.text, "type": field_type.name, "app": reading.app(at), "at": at}
    if "options" in keys:
        values["choice"] = read_choice(node, option_sets, reading)
    if "schema" in keys:
        values["json_schema"] = json_text(node.get("schema"))
    if "max_size" in keys:
        values["files"] = read_file_limits(node.get)
    if field_type.name == "rollup":
        values["rollup"] = _read_rollup(node)
    if field_type.name in _RELATIONS:
        values["relation"] = _read_relation(field_type.name, node, key)
    bare = FieldDef(**values)
    return FieldDef(**values, **_typed_values(bare, field_type, node, reading)) if of_its_type else bare


def _common_values(node: Mapping, reading: Reading, *, history: bool) -> tuple[dict[str, Any], bool]:
    """Give what keys common to all types say, and whether there are any that the field's own type must read."""
    # A field has few of the many keys there are: only those that are written are read.
    values: dict[str, Any] = {"history": history}
    of_its_type = False
    for key, value in node.entries:
        name = key.text
        of_its_type = of_its_type or name in _BY_TYPE
        if name == "label" or name == "help":
            values[name] = label(value, reading.language)
        elif name == "history":
            values[name] = flag(value, default=history)
        elif (known := _COMMON.get(name)) is not None:
            values[known[0]] = known[1](value)
    return values, of_its_type


def _typed_values(field: FieldDef, field_type: FieldType, node: Mapping, reading: Reading) -> dict[str, Any]:
    """Give what is read by the field's own type: bounds, default, `empty_as`."""
    return {
        "minimum": _value(node, "min", field, field_type, reading),
        "maximum": _value(node, "max", field, field_type, reading),
        "empty_as": _value(node, "empty_as", field, field_type, reading),
        "default": _read_default(node.get("default"), field, field_type, reading),
    }


def _value(node: Mapping, key: str, field: FieldDef, field_type: FieldType, reading: Reading) -> object:
    raw = node.get(key)
    if key not in field_type.keys or not isinstance(raw, Scalar) or raw.value is None:
        return None
    try:
        return field_type.read(raw.text, field, reading.context)
    except FieldValueError as error:
        reading.problems.report(
            "OBJ121", f"'{raw.text}' can't be the '{key}' of a field of type {field.type}", raw.at,
            hint=as_hint(error), length=raw.length,
        )  # fmt: skip
        return None


def _read_default(node: Node | None, field: FieldDef, field_type: FieldType, reading: Reading) -> DefaultDef | None:
    if not isinstance(node, Scalar) or node.value is None:
        return None
    text = node.located
    if text.text.lstrip().startswith("="):
        start = text.text.index("=") + 1
        while start < len(text.text) and text.text[start] == " ":
            start += 1
        return DefaultDef(expression=text.part(start, len(text.text)))
    if field.type == "boolean" and isinstance(node.value, str) and node.value.lower() in _WORDS_FOR_BOOLEANS:
        message = f"the default '{node.text}' is not a value of '{field.name}'"
        hint = f"'{node.text}' is a text in YAML 1.2; write true or false"
        reading.problems.report("OBJ122", message, node.at, hint=hint, length=node.length)
        return None
    if not field_type.literal_default:
        return DefaultDef(expression=text)
    try:
        return DefaultDef(constant=field_type.parse(text.text, field, reading.context))
    except FieldValueError as error:
        if not field_type.text_default:
            return DefaultDef(expression=text)
        near = did_you_mean(text.text, field.choice.names) if field.choice is not None else ""
        reading.problems.report(
            "OBJ122", f"the default '{text.text}' is not a value of '{field.name}'", node.at,
            hint=near or as_hint(error), length=node.length,
        )  # fmt: skip
        return None


def _read_relation(type_name: str, node: Mapping, key: Scalar) -> RelationDef | None:
    kind = RelationKind(type_name)
    targets = ("user",) if kind is RelationKind.USER else words(node.get("to"))
    if not targets:
        # Nothing written must not turn into "any object", which is how no targets read.
        return None
    return RelationDef(
        kind=kind,
        targets=() if targets == ("any",) else targets,
        at=(node.get("to") or key).at,
        on_delete=_on_delete(kind, node),
        inverse=word(node.get("inverse")),
        where=located(node.get("where")),
        tree=flag(node.get("tree")),
    )


def _on_delete(kind: RelationKind, node: Mapping) -> OnDelete:
    if kind is RelationKind.CHILD_OF:
        return OnDelete.CASCADE
    written = word(node.get("on_delete"))
    if written in tuple(OnDelete):
        return OnDelete(written)
    # A required lookup can't be cleared, so the record it points at can't go while it is used.
    return OnDelete.RESTRICT if flag(node.get("required")) else OnDelete.CLEAR


def _read_rollup(node: Mapping) -> RollupDef:
    function = word(node.get("function")) or "count"
    return RollupDef(
        of=located(node.get("of")) or LocatedText(text="", at=node.at),
        function=RollupFunction(function) if function in tuple(RollupFunction) else RollupFunction.COUNT,
        where=located(node.get("where")),
        sorted_by=located(node.get("sorted_by")),
    )
