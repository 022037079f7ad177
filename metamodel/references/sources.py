"""Checks `source:` of an object: the connection it names, the fields it maps, and what needs a table of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef, RelationKind
from metamodel.names import did_you_mean
from metamodel.objects import SYSTEM_FIELDS
from metamodel.reading.node_values import child, entries, flag
from metamodel.reading.object_file import ObjectDraft
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.sources import DATABASE, OWN_VARIABLES, SOURCE_TYPES
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Scalar

_OWN_TABLE_ONLY = (
    "unique", "duplicates", "validations", "pool", "retention", "record_types", "quality", "rate_date", "history",
    "events",
)  # fmt: skip
_OWN_FIELD_ONLY = (
    "required", "required_if", "default", "unique", "index", "external_id", "encrypted", "personal", "multiple",
    "normalise", "copy_from", "readonly_if", "empty_as", "tree", "where", "history",
)  # fmt: skip
Drafts = Mapping[str, ObjectDraft]


def check_source(draft: ObjectDraft, drafts: Drafts, metamodel: Metamodel, problems: Problems) -> None:
    """Check an object over a table of another database, or what an ordinary one wants of such an object.

    Problems: OBJ361 no connection to a database, OBJ362 a field that is mapped and does not exist, OBJ363 a key or
    type that needs a table of our own, OBJ364 `writable`, OBJ365 a relation that would need both tables in one place.
    """
    node = draft.node.get("source")
    if draft.source is None or not isinstance(node, MappingNode):
        inverses = metamodel.objects[draft.key].inverses
        for key, field in _written(draft):
            if field.relation is not None:
                _check_pointing(key, field, draft, drafts, problems)
            rows = None if field.rollup is None else inverses.get(field.rollup.list_name)
            if rows is not None and _is_source(drafts, rows.object):
                message = f"'{key.text}' would add up records of '{rows.object}', which lie in another database"
                hint = "a report or a list with a total reads them when it is asked"
                problems.report("OBJ365", message, key.at, hint=hint, length=key.length)
        return
    _check_connection(node, metamodel, problems)
    _check_mapped(node, draft, problems)
    writable = node.get("writable")
    if writable is not None and flag(writable):
        message = "a source can't be writable: a change there and its history here could not be kept together"
        hint = "leave 'writable' out, or write false; a webhook can ask the other program for the change"
        problems.report("OBJ364", message, writable.at, hint=hint, length=4)
    for name in _OWN_TABLE_ONLY:
        written = draft.node.key(name)
        if written is not None:
            message = f"'{name}' needs records that are kept here; those of '{draft.key}' lie in another database"
            problems.report("OBJ363", message, written.at, hint="take it out", length=written.length)
    for key, field in _written(draft):
        _check_field(key, field, draft, drafts, problems)


def _written(draft: ObjectDraft) -> Iterator[tuple[Scalar, FieldDef]]:
    for key, _ in entries(draft.node.get("fields")):
        field = draft.fields.get(key.text)
        if field is not None:
            yield key, field


def _check_connection(node: MappingNode, metamodel: Metamodel, problems: Problems) -> None:
    table = node.get("table")
    if not isinstance(table, Scalar) or "." not in table.text:
        return
    name = table.text.partition(".")[0]
    found = metamodel.connections.get(name)
    databases = [each.name for each in metamodel.connections.values() if each.kind == DATABASE]
    if found is None:
        message = f"'{name}' is not a connection to a database"
        hint = did_you_mean(name, databases) or "write connections/NAME.yaml, then table: NAME.TABLE"
        problems.report("OBJ361", message, table.at, hint=hint, length=len(name))
    elif found.kind != DATABASE:
        message = f"the connection '{name}' is of kind '{found.kind}', not '{DATABASE}'"
        hint = "name a connection of kind database, then the table: erp.customers"
        problems.report("OBJ361", message, table.at, hint=hint, length=table.length)
    elif "secret" not in found.options:
        message = f"the connection '{name}' does not say where its database is"
        hint = "write secret: ERP_DATABASE, the environment variable with the address"
        problems.report("OBJ361", message, found.at, hint=hint)
    elif str(found.options["secret"]).startswith(OWN_VARIABLES):
        message = f"the connection '{name}' names a variable of Fieldstone itself; no source shows its tables"
        problems.report("OBJ361", message, found.at, hint="name a variable of the other program: ERP_DATABASE")


def _check_mapped(node: MappingNode, draft: ObjectDraft, problems: Problems) -> None:
    known = [name for name in (*draft.fields, *SYSTEM_FIELDS) if name != "id"]
    for key, _ in entries(child(node, "fields")):
        if key.text not in known:
            tell_unknown(problems, "OBJ362", key, f"a field of {draft.key} that a column can fill", known)


def _check_field(key: Scalar, field: FieldDef, draft: ObjectDraft, drafts: Drafts, problems: Problems) -> None:
    written = child(draft.node.get("fields"), key.text)
    if field.type not in SOURCE_TYPES:
        message = f"'{key.text}' is of type {field.type}, which no column of another database holds"
        hint = "types are text, numbers, money, boolean, choice, date, datetime, time and lookups"
        problems.report("OBJ363", message, key.at, hint=hint, length=key.length)
        return
    for name in _OWN_FIELD_ONLY:
        at = written.key(name) if isinstance(written, MappingNode) else None
        if at is not None:
            message = f"'{name}' needs records that are kept here; those of '{draft.key}' lie in another database"
            problems.report("OBJ363", message, at.at, hint="take it out", length=at.length)
    relation = field.relation
    if relation is not None and len(relation.targets) != 1:
        message = f"'{key.text}' points at several objects, but one column names a record of one"
        problems.report("OBJ365", message, key.at, hint="write to: with one object", length=key.length)


def _check_pointing(key: Scalar, field: FieldDef, draft: ObjectDraft, drafts: Drafts, problems: Problems) -> None:
    """Check what an object with a table of its own wants of one without."""
    relation = field.relation
    over = [] if relation is None else [each for each in relation.targets if _is_source(drafts, each)]
    if relation is None or not over:
        return
    if len(relation.targets) > 1 or relation.kind is not RelationKind.LOOKUP or draft.links == field.name:
        message = f"'{key.text}' can't point at '{over[0]}' so, whose records lie in another database"
        hint = "a plain lookup to it alone can: {type: lookup, to: " + over[0] + "}"
        problems.report("OBJ365", message, key.at, hint=hint, length=key.length)
    elif relation.where is not None:
        message = f"the choices of '{key.text}' lie in another database, so no 'where' can narrow them"
        hint = "take it out; a role's scope can narrow them for its holders"
        problems.report("OBJ365", message, relation.where.at, hint=hint, length=len(relation.where.text))


def _is_source(drafts: Drafts, key: str) -> bool:
    return key in drafts and drafts[key].source is not None
