"""Checks connectors: what they name, what they may carry which way, and whether their role may do it."""

from __future__ import annotations

from metamodel.definitions.connectors import BOTH, CARRIED, HTTP_API, IN, NEWEST, OUT
from metamodel.fields import FieldDef
from metamodel.reading.node_values import child, entries, word
from metamodel.references.definition_names import DefinitionNames
from metamodel.references.intake import included_roles
from metamodel.yaml_nodes import Mapping, Node, Scalar


def check_connector(node: Mapping, look: DefinitionNames) -> None:
    """Check a connector.

    Problems: APP411, APP501, APP540 – APP547, OBJ201.
    """
    key = look.object(node.get("object"))
    _check_connection(node, look)
    look.roles(node.get("role"))
    direction = word(node.get("direction")) or BOTH
    named: dict[str, str] = {}
    for name, value in entries(node.get("fields")):
        field = look.field("APP501", name, key)
        _check_field(field, name, value, direction, look)
        theirs = word(value) or word(child(value, "theirs")) or name.text
        if theirs in named:
            look.fault("APP541", f"'{theirs}' of theirs is '{named[theirs]}' already", value)
        named.setdefault(theirs, name.text)
    _check_key(node, key, look)
    _check_newest(node, look)
    if key is not None and direction in (IN, BOTH):
        _check_required(node, key, look)
    if key is not None:
        _check_rights(node, key, direction, look)


def _check_connection(node: Mapping, look: DefinitionNames) -> None:
    known = [each.name for each in look.metamodel.connections.values() if each.kind == HTTP_API]
    look.known("APP540", node.get("connection"), f"a connection of kind '{HTTP_API}'", known)


def _check_field(field: FieldDef | None, name: Scalar, value: Node, direction: str, look: DefinitionNames) -> None:
    own = word(child(value, "direction"))
    if own is not None and direction not in (BOTH, own):
        message = f"'{name.text}' can't go '{own}' in a connector that goes '{direction}'"
        look.fault("APP544", message, child(value, "direction"), "leave it out, or write direction: both above")
    if field is None:
        return
    if field.value_type not in CARRIED or field.multiple or field.encrypted or field.sensitive:
        kept = "encrypted" if field.encrypted else "sensitive" if field.sensitive else field.value_type
        look.fault("APP542", f"'{field.name}' is {kept}, which connectors don't carry", name)
    elif (own or direction) != OUT and field.is_computed:
        message = f"'{field.name}' is computed, so nothing can come in for it"
        look.fault("APP543", message, name, "write {theirs: …, direction: out}")
    elif (own or direction) != OUT and field.system:
        look.fault("APP543", f"'{field.name}' is kept by the product, so nothing can come in for it", name)


def _check_key(node: Mapping, key: str | None, look: DefinitionNames) -> None:
    name = node.get("key")
    field = look.field("APP501", name, key)
    if field is None or not isinstance(name, Scalar):
        return
    entry = child(node.get("fields"), field.name)
    if not (field.external_id or field.unique):
        hint = "give the field 'external_id: true' and 'unique: true'"
        look.fault(
            "APP545", f"'{field.name}' is no external id, so it can't tell which records are the same", name, hint
        )
    elif entry is None:
        look.fault("APP545", f"'{field.name}' is not one of the fields that are carried", name, "name it under fields")
    elif word(child(entry, "direction")) not in (None, BOTH):
        look.fault("APP545", f"'{field.name}' goes one way only, and the key goes both", child(entry, "direction"))


def _check_newest(node: Mapping, look: DefinitionNames) -> None:
    own = (child(value, "conflict") for _, value in entries(node.get("fields")))
    asked = [each for each in (node.get("conflict"), *own) if word(each) == NEWEST]
    if asked and node.get("modified") is None:
        hint = "write modified: and what they call the moment of the last change"
        look.fault("APP546", "'newest' needs 'modified', by which it is known who changed last", asked[0], hint)


def _check_required(node: Mapping, key: str, look: DefinitionNames) -> None:
    given = {name.text for name, value in entries(node.get("fields")) if word(child(value, "direction")) != OUT}
    for field in look.drafts[key].fields.values():
        is_made = field.default is not None or field.is_computed or field.system
        if field.required and field.name not in given and not is_made:
            message = f"'{field.name}' of {key} is required, and nothing comes in for it"
            look.fault("APP543", message, node.key("fields"), "name it under fields, or give it a default")


def _check_rights(node: Mapping, key: str, direction: str, look: DefinitionNames) -> None:
    role = word(node.get("role")) or ""
    held = included_roles(role, look)
    wanted = ("read",) if direction == OUT else ("read", "create", "update")
    for action in wanted if held else ():
        if not any(key in each.objects and action in each.objects[key].scopes for each in held):
            message = f"the role '{role}' of this connector has no right to {action} {key}"
            look.fault(
                "APP547",
                message,
                node.get("role"),
                f"give it {action}: all" if action != "create" else "give it create: yes",
            )
            return
