"""Checks what public forms and conversions name."""

from __future__ import annotations

from metamodel.access import RoleDef
from metamodel.definitions.intake import SURVEY
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef
from metamodel.reading.node_values import child, entries, items, scalars, word
from metamodel.references.definition_names import DefinitionNames
from metamodel.yaml_nodes import Mapping, Node, Scalar

_OF_SURVEYS = ("asked", "about", "template", "expires")
_NOT_PUBLIC = frozenset(("file", "files", "image", "signature", "json", "rich_text"))


def check_form(node: Mapping, look: DefinitionNames) -> None:
    """Check a public form.

    Problems: APP411, APP501, APP520 – APP523, APP529, APP530, OBJ201.
    """
    key = look.object(node.get("object"))
    look.roles(node.get("role"))
    if key is not None:
        _check_rights(node, key, look)
    asked: set[str] = set()
    for item in items(node.get("fields")):
        name = item if isinstance(item, Scalar) else child(item, "field")
        field = look.field("APP501", name, key)
        _check_writable(field, name, look)
        _check_public(field, name, look)
        if field is not None and field.name in asked:
            look.fault("APP522", f"'{field.name}' is asked twice", name)
        asked.add(word(name) or "")
    for name, _ in entries(node.get("values")):
        _check_writable(look.field("APP501", name, key), name, look)
        if name.text in asked:
            look.fault("APP522", f"'{name.text}' is asked, so it has no fixed value", name)
    linked = _check_survey(node, key, look)
    if key is not None:
        given = {*linked, *(name.text for name, _ in entries(node.get("values")))}
        _check_required(key, asked | given, node, look)


def _check_rights(node: Mapping, key: str, look: DefinitionNames) -> None:
    """Tell of a role that can't make the records; one that knows an object by no right can't fill its fields either."""
    role = word(node.get("role"))
    held = included_roles(role or "", look)
    for action, hint in (("create", "create: yes"), ("read", "read: own, by which nobody sees a record")):
        if held and not any(key in each.objects and action in each.objects[key].scopes for each in held):
            message = f"the role '{role}' of this form has no right to {action} {key}"
            look.fault("APP520", message, node.get("role"), f"give it {hint}")
            return


def included_roles(name: str, look: DefinitionNames) -> list[RoleDef]:
    """Give a role and those that it includes."""
    found: dict[str, RoleDef] = {}
    names = [name]
    while names:
        role = look.metamodel.roles.get(names.pop())
        if role is not None and role.name not in found:
            found[role.name] = role
            names += role.includes
    return list(found.values())


def _check_survey(node: Mapping, key: str | None, look: DefinitionNames) -> set[str]:
    """Check what surveys alone have; give the fields that the product fills."""
    if word(node.get("kind")) != SURVEY:
        for name in _OF_SURVEYS:
            look.fault("APP530", f"'{name}' is for surveys, and this is a form", node.key(name), "add 'kind: survey'")
        return set()
    look.known("APP530", node.get("template"), "a template", look.metamodel.templates)
    linked = set()
    for name in ("asked", "about"):
        field = look.field("APP501", node.get(name), key)
        if field is None:
            continue
        linked.add(field.name)
        if field.relation is None:
            message = f"'{name}: {field.name}' is no lookup, so it can't point at a record"
            look.fault("APP530", message, node.get(name))
        _check_writable(field, node.get(name), look)
    return linked


def _check_public(field: FieldDef | None, node: Node | None, look: DefinitionNames) -> None:
    """Tell of what nobody without a log-in can be asked: records would be told, and files belong to somebody."""
    if field is not None and (field.relation is not None or field.value_type in _NOT_PUBLIC):
        message = f"'{field.name}' can't be asked on a public form: it is a {field.type}"
        look.fault("APP529", message, node, "ask for a text, and let a rule find the record")


def _check_writable(field: FieldDef | None, node: Node | None, look: DefinitionNames) -> None:
    if field is not None and (field.is_computed or (field.system and field.name != "owner")):
        look.fault("APP521", f"'{field.name}' is given by the product and can't be filled in", node)


def _check_required(key: str, filled: set[str], node: Mapping, look: DefinitionNames) -> None:
    for field in look.drafts[key].fields.values():
        if field.required and not field.system and field.default is None and field.name not in filled:
            message = f"{key} needs '{field.name}', which this form neither asks nor gives"
            look.fault("APP523", message, node.key("fields"), "add it to 'fields' or 'values'")


def check_conversion(node: Mapping, look: DefinitionNames) -> None:
    """Check a conversion.

    Problems: APP501, APP521, APP524 – APP527, OBJ201.
    """
    source = look.object(node.get("from"))
    for name, value in entries(node.get("to")):
        if source is not None and name.text in look.drafts[source].fields:
            message = f"'{name.text}' is a field of {source} too, so it can't name a record that is made"
            look.fault("APP524", message, name, "choose another name and say 'object:'")
        target = look.object(child(value, "object") or name)
        for field, _ in entries(child(value, "fields")):
            _check_writable(look.field("APP501", field, target), field, look)
        for scalar in scalars(child(value, "match")):
            _check_matched(look.field("APP501", scalar, target), scalar, value, look)
        if target is not None and isinstance(value, Mapping):
            _check_made(target, value, name, look)
    for field, _ in entries(node.get("set")):
        _check_writable(look.field("APP501", field, source), field, look)
    if source is not None:
        lists = look.metamodel.objects[source].inverses
        if look.known("APP525", node.get("carry"), f"a related list of {source}", lists):
            for name in scalars(node.get("carry")):
                _check_carried(name, lists[name.text], node, look)


def _check_matched(field: FieldDef | None, name: Scalar, made: Node, look: DefinitionNames) -> None:
    given = {key.text for key, _ in entries(child(made, "fields"))}
    if field is not None and field.name not in given:
        look.fault("APP501", f"'{name.text}' can't be matched: the conversion gives it no value", name)


def _check_made(key: str, made: Mapping, node: Scalar, look: DefinitionNames) -> None:
    """Tell of fields that each new record needs and that this one gets from nowhere."""
    given = {name.text for name, _ in entries(made.get("fields"))}
    for field in look.drafts[key].fields.values():
        filled = field.default is not None or field.copy_from is not None or field.is_computed
        if field.required and not field.system and not filled and field.name not in given:
            message = f"{key} needs '{field.name}', which this conversion does not give"
            look.fault("APP526", message, node, "add it to 'fields'")


def _check_carried(name: Scalar, inverse: InverseDef, node: Mapping, look: DefinitionNames) -> None:
    """Tell of a list that can go to none of the records that are made."""
    relation = look.drafts[inverse.object].fields[inverse.field].relation
    conversion = look.metamodel.conversions.get(word(node.get("conversion")) or "")
    made = {target.object for target in conversion.targets} if conversion is not None else set()
    if relation is None or (relation.targets and not set(relation.targets) & made):
        message = f"'{name.text}' can't go along: '{inverse.object}.{inverse.field}' points at none of what is made"
        look.fault("APP527", message, name)
