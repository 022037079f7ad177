"""Code for what is read: fields along lookups, names, settings, look-ups, labels."""

from __future__ import annotations

import ast
from typing import Any

from metamodel.field_types.compound import part_of
from metamodel.field_types.files import names_of_files
from metamodel.values import ForeignMoney
from workflow_dsl import operations
from workflow_dsl.compiling.emission import EMPTY_CODE, Code, Emission, attribute, is_none, method, variable
from workflow_dsl.typed import (
    Constant,
    ContextValue,
    FieldPath,
    LabelValue,
    LookupRecord,
    NamedValue,
    RootKind,
    SettingValue,
)
from workflow_dsl.types import Kind, Type

_CONTEXT = variable("c")


def emit_constant(em: Emission, node: Constant) -> Code:
    """Emit a constant."""
    if isinstance(node.value, ForeignMoney):
        return Code(expr=em.call(operations.worth, _CONTEXT, em.constant(node.value)), maybe_empty=False)
    is_bool = isinstance(node.value, bool)
    return Code(expr=em.constant(node.value), maybe_empty=node.value is None, is_bool=is_bool)


def emit_context_value(em: Emission, node: ContextValue) -> Code:
    """Emit `now` or `today`."""
    return Code(expr=attribute(_CONTEXT, node.name.value), maybe_empty=False)


def emit_setting(em: Emission, node: SettingValue) -> Code:
    """Emit `app.x`."""
    value = method(_CONTEXT, "setting", em.constant(node.name))
    return Code(expr=em.call(operations.worth, _CONTEXT, value) if node.type.kind is Kind.MONEY else value)


def emit_named(em: Emission, node: NamedValue) -> Code:
    """Emit `queue "x"`."""
    return Code(expr=method(_CONTEXT, "named", em.constant(node.kind), em.constant(node.name)))


def emit_path(em: Emission, node: FieldPath) -> Code:
    """Emit a path."""
    if node.field is None:
        return Code(expr=_root_value(em, node))
    if not node.steps:
        expr = _own_field(em, node)
    else:
        steps = tuple(
            (step.field.name, _target(step.targets), frozenset(step.targets) if step.polymorphic else None)
            for step in node.steps
        )
        expr = em.call(
            operations.path_value, _CONTEXT, root_record(em, node), em.constant(steps), em.constant(node.field.name)
        )
    if node.field.value_type == "files":
        # To the language several files are their names.
        expr = em.call(names_of_files, expr)
    elif node.attribute is not None and node.field.choice is None:
        expr = em.call(part_of, expr, em.constant(node.attribute))
    elif node.attribute is not None:
        expr = method(em.constant(_attributes(node)), "get", expr)
    return Code(expr=expr)


def _attributes(node: FieldPath) -> dict[str, Any]:
    assert node.field is not None
    assert node.field.choice is not None
    assert node.attribute is not None
    return {option.name: option.attribute(node.attribute) for option in node.field.choice.options}


def _target(targets: tuple[str, ...]) -> str:
    return targets[0] if targets else ""


def _own_field(em: Emission, node: FieldPath) -> ast.expr:
    assert node.field is not None
    name = em.constant(node.field.name)
    if node.root.kind is RootKind.THIS:
        em.uses_this = True
        return ast.Call(func=variable("g"), args=[name], keywords=[])
    if node.root.kind is RootKind.ROW:
        return method(variable(f"r{node.root.level}"), "get", name)
    first, again = em.bind(root_record(em, node))
    return ast.IfExp(test=is_none(first), body=EMPTY_CODE, orelse=method(again, "get", name))


def root_record(em: Emission, node: FieldPath) -> ast.expr:
    """Give code for the record that a path starts from."""
    kind = node.root.kind
    if kind is RootKind.THIS:
        return attribute(_CONTEXT, "this")
    if kind is RootKind.OLD:
        return attribute(_CONTEXT, "old")
    if kind is RootKind.ROW:
        return variable(f"r{node.root.level}")
    target = em.constant(_target(node.root.objects) or "user")
    return em.call(operations.record_of, _CONTEXT, _root_value(em, node), target)


def _root_value(em: Emission, node: FieldPath) -> ast.expr:
    kind = node.root.kind
    if kind is RootKind.USER:
        return attribute(_CONTEXT, "user")
    if kind is RootKind.GIVEN:
        given = method(_CONTEXT, "given", em.constant(node.root.name))
        return em.call(operations.dig, given, em.constant(node.keys)) if node.keys else given
    if kind is RootKind.THIS:
        em.uses_this = True
        return ast.Call(func=variable("g"), args=[em.constant("id")], keywords=[])
    first, again = em.bind(root_record(em, node))
    return ast.IfExp(test=is_none(first), body=EMPTY_CODE, orelse=method(again, "get", em.constant("id")))


def as_ref(em: Emission, expr: ast.expr, type_: Type) -> ast.expr:
    """Give code that makes a bare id a `Ref`, where the type is of one object."""
    if type_.kind is not Kind.RECORD or type_.polymorphic:
        return expr
    return em.call(operations.as_ref, expr, em.constant(_target(type_.objects)))


def emit_lookup(em: Emission, node: LookupRecord) -> Code:
    """Emit `lookup(object, field, value)`."""
    value = em.value(node.value).expr
    code = em.call(operations.lookup_record, _CONTEXT, em.constant(node.object), em.constant(node.field.name), value)
    return Code(expr=code)


def emit_label(em: Emission, node: LabelValue) -> Code:
    """Emit the label of a choice."""
    path = node.value
    assert path.field is not None
    holder, field = em.constant(path.holders[0]), em.constant(path.field.name)
    return Code(expr=em.call(operations.label_of, _CONTEXT, holder, field, em.value(path).expr))
