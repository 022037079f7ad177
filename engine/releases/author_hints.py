"""Warns authors of expressions that are allowed and likely not meant; nothing here keeps a folder from a release.

A formula or roll-up is computed with its author's eyes, so it may show a role what that role may not read. A validation
that compares in an order refuses records where a field is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.access.grants import NEVER, RoleGrants
from engine.releases.stored_choice import KnownExpressions
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef, ValidationDef
from metamodel.source import LocatedText, Problem, Severity
from workflow_dsl.checker import check_condition, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Read
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed import BetweenTest, Comparison, Conjunction, EmptyTest, FieldPath, RootKind, Typed
from workflow_dsl.typed_walk import walk

_SIGNS = ("<", ">", "between")
_ORDERS = frozenset((BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE))


def check_hints(
    metamodel: Metamodel, functions: FunctionRegistry, known: KnownExpressions | None = None
) -> Iterator[Problem]:
    """Give the warnings about formulas, roll-ups and validations of all objects; `known`: what is checked already."""
    scope = Scope(metamodel=metamodel, functions=functions, allows_old=True)
    readers = {name: _Reader(metamodel, RoleGrants(metamodel, (name,))) for name in metamodel.roles}
    for key, object_def in metamodel.objects.items():
        inside = replace(scope, object=key)
        for definition in object_def.fields.values():
            if definition.formula is not None or definition.rollup is not None:
                yield from _shown(inside, object_def, definition, readers, known or {})
        for validation in object_def.validations:
            yield from _refused_empties(inside, validation, known or {})


class _Reader:
    """What one role may read somewhere; where it may not, no record shows it the field."""

    def __init__(self, metamodel: Metamodel, grants: RoleGrants) -> None:
        self._metamodel = metamodel
        self._grants = grants
        self._objects: dict[str, bool] = {}

    def may_read(self, object_key: str, name: str) -> bool:
        """Say whether the field may be read in any record."""
        object_def = self._metamodel.objects.get(object_key)
        definition = object_def.fields.get(name) if object_def is not None else None
        if object_def is None or definition is None:
            return True  # a list or a field of the product, which goes with the record
        may = self._objects.get(object_key)
        if may is None:
            may = self._objects[object_key] = self._grants.scopes(object_key, "read") != NEVER
        if not may or definition.sensitive or definition.encrypted or self._grants.names_field(object_key, name):
            return may and self._grants.field_rights(object_key, definition).read != NEVER
        return True  # nothing is said of the field itself, so it goes with the record


def _shown(
    scope: Scope, object_def: ObjectDef, field: FieldDef, readers: dict[str, _Reader], known: KnownExpressions
) -> Iterator[Problem]:
    text = _source_of(field)
    if text is None:
        return
    reads = sorted(_read_by(scope, object_def, field, known))
    hidden: dict[str, list[str]] = {}
    for name, reader in readers.items():
        if reads and reader.may_read(object_def.key, field.name):
            for read in reads:
                if not reader.may_read(*read):
                    hidden.setdefault(".".join(read), []).append(name)
    if hidden:
        told = "; ".join(f"{what} to {', '.join(roles)}" for what, roles in hidden.items())
        kind = "roll-up" if field.rollup is not None else "formula"
        message = f"the {kind} '{field.name}' shows what these roles may not read: {told}"
        hint = f"let fewer roles read '{field.name}', or leave it so where its value gives nothing away"
        yield Problem(
            code="OBJ453", message=message, at=text.at, hint=hint, severity=Severity.WARNING, length=len(text.text)
        )


def _source_of(field: FieldDef) -> LocatedText | None:
    if field.system:
        # The share of filled fields is no value of any of them.
        return None
    return field.formula if field.formula is not None else field.rollup.of if field.rollup is not None else None


def _read_by(scope: Scope, object_def: ObjectDef, field: FieldDef, known: KnownExpressions) -> frozenset[Read]:
    if field.formula is not None:
        checked = known.get(("formula", object_def.key, field.formula.text)) or check_text(field.formula, scope)
        return checked.reads.fields
    rollup = field.rollup
    inverse = object_def.inverses.get(rollup.list_name) if rollup is not None else None
    if rollup is None or inverse is None:
        return frozenset()
    found = frozenset((Read(inverse.object, rollup.field_name),)) if rollup.field_name is not None else frozenset()
    if rollup.where is not None:
        found |= check_condition(rollup.where, replace(scope, row_object=inverse.object)).reads.fields
    return found


def _refused_empties(scope: Scope, validation: ValidationDef, known: KnownExpressions) -> Iterator[Problem]:
    if validation.when is not None:
        return  # it says itself of which records it speaks
    if not any(sign in validation.check.text for sign in _SIGNS):
        return  # it compares nothing in an order
    text = validation.check
    check = (known.get(("condition", str(scope.object), text.text)) or check_condition(text, scope)).typed
    if check is None:
        return
    asked = {_own_field(node.value) for node in walk(check) if isinstance(node, EmptyTest)}
    for name in dict.fromkeys(_ordered_fields(check)):
        if name in asked:
            continue
        message = f"'{validation.name}' refuses records where '{name}' is empty"
        hint = f"add 'or {name} is empty', or use 'min:' and 'max:' of the field"
        at, length = validation.check.at, len(validation.check.text)
        yield Problem(code="OBJ454", message=message, at=at, hint=hint, severity=Severity.INFO, length=length)


def _ordered_fields(node: Typed) -> Iterator[str]:
    """Give the fields of the record that must stand in an order for the check to hold, and may be empty."""
    if isinstance(node, Conjunction):
        for operand in node.operands:
            yield from _ordered_fields(operand)
    compared: tuple[Typed, ...] = ()
    if isinstance(node, Comparison) and node.op in _ORDERS:
        compared = (node.left, node.right)
    elif isinstance(node, BetweenTest):
        compared = (node.value, node.low, node.high)
    for each in compared:
        name = _own_field(each)
        if name is not None and isinstance(each, FieldPath) and each.field is not None and _may_be_empty(each.field):
            yield name


def _own_field(node: Typed) -> str | None:
    if not isinstance(node, FieldPath) or node.root.kind is not RootKind.THIS or node.steps or node.field is None:
        return None
    return node.field.name


def _may_be_empty(field: FieldDef) -> bool:
    return not field.required and field.required_if is None and field.rollup is None and field.default is None
