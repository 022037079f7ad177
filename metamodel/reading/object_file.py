"""Reads the merged node of an object (its file with all extensions) into what linking completes to an ObjectDef."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.behaviour import BehaviourDef, read_behaviour
from metamodel.duplicates import DuplicateDef
from metamodel.fields import FieldDef
from metamodel.layouts import LayoutDef
from metamodel.links import target_field
from metamodel.objects import UniqueDef, ValidationDef, ValidationSeverity
from metamodel.pools import PoolDef, read_pool
from metamodel.privacy import PrivacyDef, read_privacy
from metamodel.quality import with_weights
from metamodel.quick_making import quickly_made
from metamodel.reading.duplicate_entry import read_duplicates
from metamodel.reading.field_entry import read_field
from metamodel.reading.layout_entry import read_layout, read_layouts
from metamodel.reading.node_values import (
    Reading,
    child,
    entries,
    flag,
    items,
    label,
    located,
    located_list,
    scalars,
    word,
    words,
)
from metamodel.reading.record_type_entry import read_record_types, record_type_field
from metamodel.record_types import RECORD_TYPE, RecordTypeDef
from metamodel.source import LocatedText, Location
from metamodel.sources import SourceDef, read_source
from metamodel.texts import Label
from metamodel.views import SortKey, ViewDef, ViewType
from metamodel.yaml_nodes import Mapping, Node, Scalar


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDraft:
    """An object as written, extensions merged in; names in it are not resolved and nothing is filled in."""

    key: str
    name: str
    app: str
    at: Location
    node: Mapping
    fields: dict[str, FieldDef]
    label: Label | None
    plural: Label | None
    help: Label | None
    icon: str | None
    title: LocatedText | None
    search: tuple[LocatedText, ...]
    history: bool
    validations: tuple[ValidationDef, ...]
    unique: tuple[UniqueDef, ...]
    duplicates: tuple[DuplicateDef, ...]
    reveal_duplicates: bool
    pool: PoolDef | None
    privacy: PrivacyDef | None
    behaviour: BehaviourDef | None
    source: SourceDef | None
    rate_date: str | None
    links: str | None
    layout: LayoutDef | None
    layouts: tuple[LayoutDef, ...]
    record_types: tuple[RecordTypeDef, ...]
    views: dict[str, ViewDef]
    was: str | None


def read_object(
    key: str, name: str, app: str, node: Mapping, option_sets: dict[str, Mapping], reading: Reading
) -> ObjectDraft:
    """Read an object's merged node."""
    source = read_source(node.get("source"))
    # What changes in another database, and by whom, is not known here.
    history = source is None and flag(node.get("history"), default=True)
    fields = {
        entry.key.text: read_field(entry.key, entry.value, option_sets, reading, history=history)
        for entry in entries(node.get("fields"))
    }
    name_node = node.get("object")
    record_types = read_record_types(node.get("record_types"), reading)
    if record_types:
        at = (node.key("record_types") or node).at
        made = record_type_field(record_types, app, at, reading.language)
        fields = {RECORD_TYPE: made, **{name: field for name, field in fields.items() if name != RECORD_TYPE}}
    return ObjectDraft(
        key=key,
        name=name,
        app=app,
        at=name_node.at if name_node is not None else node.at,
        node=node,
        fields=with_weights(fields, node),
        label=label(node.get("label"), reading.language),
        plural=label(node.get("plural"), reading.language),
        help=label(node.get("help"), reading.language),
        icon=word(node.get("icon")),
        title=located(node.get("title")),
        search=located_list(node.get("search")),
        history=history,
        validations=tuple(
            _read_validation(item, reading) for item in items(node.get("validations")) if isinstance(item, Mapping)
        ),
        unique=_read_unique(node.get("unique")),
        duplicates=read_duplicates(node.get("duplicates"), reading),
        reveal_duplicates=word(node.get("reveal_duplicates")) == "owner",
        pool=read_pool(node.get("pool")),
        privacy=read_privacy(node, reading),
        behaviour=read_behaviour(node.get("events")),
        source=source,
        rate_date=word(node.get("rate_date")),
        links=target_field(node),
        layout=read_layout(node.get("layout"), reading),
        layouts=read_layouts(node.get("layouts"), reading),
        record_types=record_types,
        views={entry.key.text: read_view(entry.key, entry.value, reading) for entry in entries(node.get("views"))},
        was=word(node.get("was")),
    )


def _read_validation(node: Mapping, reading: Reading) -> ValidationDef:
    severity = word(node.get("severity"))
    name = word(node.get("name")) or ""
    return ValidationDef(
        name=name,
        check=located(node.get("check")) or LocatedText(text="true", at=node.at),
        message=label(node.get("message"), reading.language) or Label(texts=()),
        at=node.at,
        app=reading.app(node.at),
        when=located(node.get("when")),
        field=word(node.get("field")),
        severity=ValidationSeverity(severity) if severity in tuple(ValidationSeverity) else ValidationSeverity.ERROR,
        active=located(node.get("active")),
    )


def _read_unique(node: Node | None) -> tuple[UniqueDef, ...]:
    found = []
    for item in items(node):
        names = words(item)
        if names:
            found.append(UniqueDef(fields=names, at=item.at))
    return tuple(found)


def read_view(key: Scalar, node: Node, reading: Reading) -> ViewDef:
    """Read a list, board or calendar."""
    kind = word(child(node, "type")) or "list"
    return ViewDef(
        name=key.text,
        type=ViewType(kind) if kind in tuple(ViewType) else ViewType.LIST,
        at=key.at,
        app=reading.app(key.at),
        label=label(child(node, "label"), reading.language),
        columns=located_list(child(node, "columns")),
        where=located(child(node, "where")),
        sort=tuple(sort_key(scalar) for scalar in scalars(child(node, "sort"))),
        by=word(child(node, "by")),
        card=located_list(child(node, "card")),
        sum=word(child(node, "sum")),
        beside=located_list(child(node, "with")),
        roles=words(child(node, "roles")),
    )


def sort_key(scalar: Scalar) -> SortKey:
    """Read a key of an order: a path, with `-` before it where the greatest come first."""
    return SortKey(path=scalar.text.removeprefix("-").strip(), descending=scalar.text.startswith("-"))
