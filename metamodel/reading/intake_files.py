"""Reads public forms and conversions."""

from __future__ import annotations

from metamodel.definitions.intake import ConversionDef, ConversionTargetDef, FormDef, FormFieldDef
from metamodel.reading.analytics_files import texts_by_key
from metamodel.reading.node_values import (
    FindObject,
    Reading,
    child,
    entries,
    flag,
    items,
    label,
    located,
    word,
    words,
)
from metamodel.yaml_nodes import Mapping, Node, Scalar


def read_form(node: Mapping, reading: Reading, find: FindObject) -> FormDef:
    """Read a file of forms/."""
    name = node.get("form")
    app = reading.app(node.at)
    return FormDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        object=find(word(node.get("object")), app),
        role=word(node.get("role")) or "",
        fields=tuple(_form_field(item, reading) for item in items(node.get("fields"))),
        label=label(node.get("label"), reading.language),
        help=label(node.get("help"), reading.language),
        kind=word(node.get("kind")) or "form",
        values={key.text: word(value) or "" for key, value in entries(node.get("values"))},
        thanks=label(node.get("thanks"), reading.language),
        origins=words(node.get("origins")),
        asked=word(node.get("asked")),
        about=word(node.get("about")),
        template=word(node.get("template")),
        expires=word(node.get("expires")) or "30 days",
    )


def _form_field(node: Node, reading: Reading) -> FormFieldDef:
    if isinstance(node, Scalar):
        return FormFieldDef(field=node.text, at=node.at)
    required = child(node, "required")
    return FormFieldDef(
        field=word(child(node, "field")) or "",
        at=node.at,
        label=label(child(node, "label"), reading.language),
        help=label(child(node, "help"), reading.language),
        required=None if required is None else flag(required),
    )


def read_conversion(node: Mapping, reading: Reading, find: FindObject) -> ConversionDef:
    """Read a file of conversions/; a record under `to:` is of the object of its own name unless it says another."""
    name = node.get("conversion")
    app = reading.app(node.at)
    return ConversionDef(
        name=word(name) or "",
        app=app,
        at=(name or node).at,
        source=find(word(node.get("from")), app),
        targets=tuple(
            ConversionTargetDef(
                name=key.text,
                at=key.at,
                object=find(word(child(value, "object")) or key.text, app),
                fields=texts_by_key(child(value, "fields")),
                match=words(child(value, "match")),
                when=located(child(value, "when")),
            )
            for key, value in entries(node.get("to"))
        ),
        label=label(node.get("label"), reading.language),
        when=located(node.get("when")),
        values=texts_by_key(node.get("set")),
        carry=words(node.get("carry")),
    )
