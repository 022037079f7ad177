"""Reads `record_types:`, and makes the choice field `record_type` that follows from it."""

from __future__ import annotations

from metamodel.fields import ChoiceDef, DefaultDef, FieldDef, OptionDef
from metamodel.reading.node_values import Reading, child, entries, label, word, words
from metamodel.record_types import RECORD_TYPE, RecordTypeDef
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.yaml_nodes import Node, Scalar


def read_record_types(node: Node | None, reading: Reading) -> tuple[RecordTypeDef, ...]:
    """Read the record types of an object, the default one first."""
    return tuple(
        RecordTypeDef(
            name=entry.key.text,
            at=entry.key.at,
            label=label(
                entry.value if isinstance(entry.value, Scalar) else child(entry.value, "label"), reading.language
            ),
            required=words(child(entry.value, "required")),
            options=tuple((each.key.text, words(each.value)) for each in entries(child(entry.value, "options"))),
            layout=word(child(entry.value, "layout")),
        )
        for entry in entries(node)
    )


def record_type_field(types: tuple[RecordTypeDef, ...], app: str, at: Location, first: str) -> FieldDef:
    """Make the field that holds a record's type: an ordinary choice, always filled, the first type by default."""
    texts = (("en", LocatedText(text="Record type", at=at)), ("zh", LocatedText(text="记录类型", at=at)))
    options = tuple(
        OptionDef(name=kind.name, at=kind.at, label=kind.label, order=number) for number, kind in enumerate(types)
    )
    return FieldDef(
        name=RECORD_TYPE,
        type="choice",
        app=app,
        at=at,
        label=Label(texts=texts[::-1] if first == "zh" else texts),
        required=True,
        default=DefaultDef(constant=types[0].name),
        choice=ChoiceDef(options=options),
    )
