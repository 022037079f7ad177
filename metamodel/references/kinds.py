"""Checks what narrows choices and forms: dependent options, record types, and whom named layouts are for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from metamodel.access import RoleDef
from metamodel.fields import FieldDef
from metamodel.reading.node_values import child, entries, scalars
from metamodel.reading.object_file import ObjectDraft
from metamodel.record_types import RECORD_TYPE
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar

_PARENTS = ("choice", "multi_choice", "boolean")


def check_dependent_choices(draft: ObjectDraft, problems: Problems) -> None:
    """Check `depends_on` of an object's choices and `for` of their options.

    Problems: OBJ226, OBJ228 – OBJ230.
    """
    for key, node in entries(draft.node.get("fields")):
        field = draft.fields.get(key.text)
        if field is None or field.choice is None or not isinstance(node, MappingNode):
            continue
        parent = _parent(node.get("depends_on"), field, draft, problems)
        _check_for(node.get("options"), field, parent, problems)
    _check_circles(draft, problems)


def _parent(node: Node | None, field: FieldDef, draft: ObjectDraft, problems: Problems) -> FieldDef | None:
    if not isinstance(node, Scalar) or node.value is None:
        return None
    parent = draft.fields.get(node.text)
    if parent is None:
        tell_unknown(problems, "OBJ226", node, f"a field of {draft.key}", draft.fields)
    elif parent.value_type not in _PARENTS:
        message = f"'{field.name}' can depend on a choice or a boolean; '{node.text}' is {parent.value_type}"
        problems.report("OBJ226", message, node.at, length=node.length)
        return None
    return parent


def _check_for(options: Node | None, field: FieldDef, parent: FieldDef | None, problems: Problems) -> None:
    assert field.choice is not None
    for entry in entries(options):
        written = entry.value.key("for") if isinstance(entry.value, MappingNode) else None
        if written is None:
            continue
        if field.choice.depends_on is None:
            message = f"'for' has no meaning without 'depends_on' at '{field.name}'"
            hint = "name the field that decides, such as 'depends_on: country'"
            problems.report("OBJ229", message, written.at, hint=hint, length=written.length)
            continue
        known = _values_of(parent)
        for value in scalars(child(entry.value, "for")) if parent is not None else ():
            if value.text not in known:
                tell_unknown(problems, "OBJ228", value, f"a value of '{field.choice.depends_on}'", known)


def _values_of(parent: FieldDef | None) -> Collection[str]:
    if parent is None:
        return ()
    return parent.choice.names if parent.choice is not None else ("true", "false")


def _check_circles(draft: ObjectDraft, problems: Problems) -> None:
    above = {
        name: field.choice.depends_on
        for name, field in draft.fields.items()
        if field.choice is not None and field.choice.depends_on is not None
    }
    told: set[str] = set()
    for name in above:
        chain = [name]
        while (following := above.get(chain[-1])) is not None and following not in chain:
            chain.append(following)
        if following != name or name in told:
            continue
        told.update(chain)
        message = f"choices depend on each other in a circle: {' → '.join((*chain, name))}"
        problems.report("OBJ230", message, draft.fields[name].at, length=len(name))


def check_record_types(draft: ObjectDraft, roles: Mapping[str, RoleDef], problems: Problems) -> None:
    """Check record types, and the roles and record types that named layouts are for.

    Problems: OBJ261 – OBJ265, OBJ302, OBJ305 – OBJ306.
    """
    if draft.record_types:
        for key, _ in entries(draft.node.get("fields")):
            if key.text == RECORD_TYPE:
                message = f"'{RECORD_TYPE}' is the field that 'record_types' makes"
                problems.report("OBJ261", message, key.at, hint="take it out of the fields", length=key.length)
    for _, node in entries(draft.node.get("record_types")):
        _check_record_type(node, draft, problems)
    names = [kind.name for kind in draft.record_types]
    for key, node in entries(draft.node.get("layouts")):
        _known(scalars(child(node, "roles")), "OBJ302", "a role", roles, problems)
        _known(scalars(child(node, "record_types")), "OBJ305", f"a record type of {draft.key}", names, problems)
        _check_condition(key, node, draft, problems)


def _check_record_type(node: Node, draft: ObjectDraft, problems: Problems) -> None:
    for name in scalars(child(node, "required")):
        field = draft.fields.get(name.text)
        if field is None:
            tell_unknown(problems, "OBJ264", name, f"a field of {draft.key}", draft.fields)
        elif field.is_computed:
            message = f"'{name.text}' is computed, so it can't be required"
            problems.report("OBJ264", message, name.at, length=name.length)
    for key, names in entries(child(node, "options")):
        field = draft.fields.get(key.text)
        if field is None:
            tell_unknown(problems, "OBJ262", key, f"a field of {draft.key}", draft.fields)
        elif field.choice is None or field.formula is not None or key.text == RECORD_TYPE:
            message = f"a record type has options of choice fields; '{key.text}' is {_what(field)}"
            problems.report("OBJ262", message, key.at, length=key.length)
        else:
            what = f"an option of '{key.text}'"
            _known(scalars(names), "OBJ263", what, field.choice.names, problems)
    layouts = [layout.name for layout in draft.layouts]
    _known(scalars(child(node, "layout")), "OBJ265", f"a layout of {draft.key}", layouts, problems)


def _what(field: FieldDef) -> str:
    if field.name == RECORD_TYPE:
        return "the record type itself"
    return "computed" if field.formula is not None else field.value_type


def _check_condition(key: Scalar, node: Node, draft: ObjectDraft, problems: Problems) -> None:
    conditions = ("when", "roles", "record_types", "device")
    is_named = any(kind.layout == key.text for kind in draft.record_types)
    if is_named or not isinstance(node, MappingNode) or any(node.get(name) is not None for name in conditions):
        return
    message = f"the layout '{key.text}' fits always, so none after it is ever used"
    hint = f"say whom it is for: {', '.join(conditions)}; or write it as 'layout'"
    problems.report("OBJ306", message, key.at, hint=hint, length=key.length)


def _known(names: Iterable[Scalar], code: str, what: str, known: Collection[str], problems: Problems) -> None:
    for name in names:
        if name.text not in known:
            tell_unknown(problems, code, name, what, known)
