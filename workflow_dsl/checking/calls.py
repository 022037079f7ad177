"""Checks calls: functions by their signatures, and the forms whose arguments are no ordinary values.

A wrong argument is named with the function, the parameter and both types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from metamodel.names import did_you_mean
from metamodel.system_rights import known_rights
from workflow_dsl.checking.aggregates import check_aggregate, list_argument
from workflow_dsl.checking.conditions import check_role_name, condition, report_object
from workflow_dsl.checking.decisions import check_decide
from workflow_dsl.checking.fitting import adapt, comparable, name_of, unify
from workflow_dsl.checking.names import refuse_encrypted
from workflow_dsl.checking.state import Argument, Checking, failed, shown
from workflow_dsl.checking.subtrees import check_trees_of
from workflow_dsl.checking.unknown_names import known_names
from workflow_dsl.functions import Function, Signature, kinds_text
from workflow_dsl.reads import Read
from workflow_dsl.syntax import Arg, Call, Path
from workflow_dsl.typed import (
    AggregateKind,
    CaseValue,
    Coalesce,
    Constant,
    FieldPath,
    FilledCount,
    FunctionCall,
    IfValue,
    LabelValue,
    LookupRecord,
    NewTest,
    RoleTest,
    Root,
    RootKind,
    Typed,
)
from workflow_dsl.typed_walk import roots_of
from workflow_dsl.types import BOOLEAN, INTEGER, TEXT, Kind, record_of, type_of_field

_AGGREGATES = frozenset(kind.value for kind in AggregateKind)
_ALSO_FUNCTIONS = frozenset(("min", "max", "join"))


def check_call(checking: Checking, node: Call) -> Typed:
    """Check any call."""
    name = node.function.text
    function = checking.scope.functions.find(name)
    if function is None:
        hint = did_you_mean(name, checking.scope.functions.names)
        checking.refuse("EXP203", f"'{name}' is not a function", node.function.at, hint)
        return failed(node.at)
    if name in _AGGREGATES and _is_aggregate(checking, node):
        return check_aggregate(checking, node)
    for arg in node.args:
        _refuse_rows_words(checking, node, arg)
    form = _FORMS.get(name)
    if form is not None and function.form:
        return form(checking, node)
    return _check_function(checking, node, function)


def _is_aggregate(checking: Checking, node: Call) -> bool:
    if node.function.text not in _ALSO_FUNCTIONS or not node.args:
        return True
    return list_argument(checking, node.args[0]) is not None


def _refuse_rows_words(checking: Checking, node: Call, arg: Arg) -> None:
    if arg.where is None and arg.sorted_by is None:
        return
    word = "where" if arg.where is not None else "sorted by"
    hint = "aggregates over a related list take it: count, sum, avg, min, max, exists, first, last, join"
    checking.refuse("EXP407", f"'{word}' means nothing in '{node.function.text}(…)'", arg.at, hint)


def _check_function(checking: Checking, node: Call, function: Function) -> Typed:
    fitting = [s for s in function.signatures if s.accepts_count(len(node.args))]
    if not fitting:
        _refuse_count(checking, node, function)
        return failed(node.at)
    args = tuple(checking.check(checking, arg.value) for arg in node.args)
    for signature in fitting:
        if all(signature.param(index).takes(arg.type) for index, arg in enumerate(args)):
            return _call(checking, node, function, signature, args)
    _refuse_argument(checking, node, fitting[0], args)
    return failed(node.at)


def _call(checking: Checking, node: Call, function: Function, signature: Signature, args: tuple[Typed, ...]) -> Typed:
    if function.volatile:
        checking.uses.add("now")
    if not function.sql:
        row = RootKind.ROW if checking.scope.row_object is not None else RootKind.THIS
        from_row = any(roots_of(arg) & {row, RootKind.ROW} for arg in args)
        checking.only_in_memory(f"'{function.name}(…)'", node.at, allowed=not from_row)
    type_ = signature.return_type(tuple(arg.type for arg in args))
    return FunctionCall(type=type_, at=node.at, function=function, signature=signature, args=args)


def _refuse_count(checking: Checking, node: Call, function: Function) -> None:
    count = len(node.args)
    given = "no argument" if count == 0 else "1 argument" if count == 1 else f"{count} arguments"
    hint = f"it is written {' or '.join(function.written)}"
    checking.refuse("EXP303", f"'{function.name}' is called with {given}", node.at, hint)


def _refuse_argument(checking: Checking, node: Call, signature: Signature, args: tuple[Typed, ...]) -> None:
    for index, arg in enumerate(args):
        param = signature.param(index)
        if not param.takes(arg.type):
            given = Argument(written=node.args[index].value, type=arg.type, at=arg.at)
            checking.refuse_argument(node.function.text, kinds_text(param.kinds), param.name, given)
            return


# ------------------------------------------------------------------ forms
def _count_of(checking: Checking, node: Call, least: int, most: int | None) -> bool:
    if len(node.args) >= least and (most is None or len(node.args) <= most):
        return True
    function = checking.scope.functions.find(node.function.text)
    assert function is not None
    _refuse_count(checking, node, function)
    return False


def _check_if(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 2, 3):
        return failed(node.at)
    test = condition(checking, node.args[0].value, of="'if' takes true or false as its argument 'condition', and ")
    values = [checking.check(checking, arg.value) for arg in node.args[1:]]
    if len(values) == 1:
        values.append(Constant(type=values[0].type, at=node.at, value=None))
    (then, otherwise), type_ = unify(checking, values, "'if'", ("then", "otherwise"))
    return IfValue(type=type_, at=node.at, condition=test, then=then, otherwise=otherwise)


def _check_case(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 3, None):
        return failed(node.at)
    subject = checking.check(checking, node.args[0].value)
    rest = node.args[1:]
    keys: list[Typed] = []
    for arg in rest[: len(rest) // 2 * 2 : 2]:
        key = adapt(checking, checking.check(checking, arg.value), subject.type, name_of(subject))
        if not comparable(subject.type, key.type, ordered=False):
            message = (
                f"'case' compares its argument 'value', {subject.type.with_article}, "
                f"with '{shown(arg.value)}', {key.type.with_article}"
            )
            checking.refuse("EXP305", message, key.at)
        keys.append(key)
    values = [checking.check(checking, arg.value) for arg in rest[1::2]]
    if len(rest) % 2:
        values.append(checking.check(checking, rest[-1].value))
    names = [f"then {number}" for number in range(1, len(keys) + 1)]
    unified, type_ = unify(checking, values, "'case'", (*names, "otherwise"))
    default = unified.pop() if len(rest) % 2 else Constant(type=type_, at=node.at, value=None)
    pairs = tuple(zip(keys, unified, strict=True))
    return CaseValue(type=type_, at=node.at, subject=subject, pairs=pairs, default=default)


def _check_coalesce(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 1, None):
        return failed(node.at)
    values = [checking.check(checking, arg.value) for arg in node.args]
    unified, type_ = unify(checking, values, "'coalesce'", [str(number) for number in range(1, len(values) + 1)])
    return Coalesce(type=type_, at=node.at, operands=tuple(unified))


def _check_filled(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 1, None):
        return failed(node.at)
    operands = tuple(checking.check(checking, arg.value) for arg in node.args)
    return FilledCount(type=INTEGER, at=node.at, operands=operands)


def _check_is_new(checking: Checking, node: Call) -> Typed:
    _count_of(checking, node, 0, 0)
    checking.only_in_memory("'is_new()'", node.at)
    checking.uses.add("old")
    if not checking.scope.allows_old and not checking.scope.needs_sql:
        reason = f"no change of a record is at hand in {checking.scope.place}"
        checking.refuse("EXP403", "'is_new()' has no meaning here", node.at, reason)
    return NewTest(type=BOOLEAN, at=node.at)


def _check_label(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 1, 1):
        return failed(node.at)
    value = checking.check(checking, node.args[0].value)
    if not isinstance(value, FieldPath) or value.type.kind is not Kind.CHOICE:
        if not value.type.is_open:
            given = Argument(written=node.args[0].value, type=value.type, at=value.at)
            checking.refuse_argument("label", "the field of a choice", "value", given)
        return failed(node.at)
    checking.memory_only.append("'label'")
    return LabelValue(type=TEXT, at=node.at, value=value)


def _check_lookup(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 3, 3):
        return failed(node.at)
    object_path, field_path = node.args[0].value, node.args[1].value
    if not isinstance(object_path, Path) or not isinstance(field_path, Path) or len(field_path.names) != 1:
        checking.refuse("EXP302", "'lookup' is written lookup(object, field, value)", node.at)
        return failed(node.at)
    object_def = checking.scope.metamodel.find_object(object_path.dotted)
    if object_def is None:
        report_object(checking, object_path)
        return failed(node.at)
    name = field_path.names[0]
    field = object_def.fields.get(name.text)
    value = checking.check(checking, node.args[2].value)
    if field is None or not checking.scope.may_read(object_def.key, name.text):
        hint = did_you_mean(name.text, known_names(checking, (object_def.key,)))
        checking.refuse("EXP201", f"'{name.text}' is not a field of {object_def.key}", name.at, hint)
        return failed(node.at)
    if field.encrypted:
        refuse_encrypted(checking, field.name, name.at)
        return failed(node.at)
    path = FieldPath(type=record_of(object_def.key), at=name.at, root=Root(kind=RootKind.ROW), field=field)
    value = _lookup_value(checking, node, value, path)
    checking.reads.add(Read(object_def.key, field.name))
    return LookupRecord(type=record_of(object_def.key), at=node.at, object=object_def.key, field=field, value=value)


def _lookup_value(checking: Checking, node: Call, value: Typed, path: FieldPath) -> Typed:
    assert path.field is not None
    wanted = type_of_field(path.field)
    adapted = adapt(checking, value, wanted, path.field.name)
    if not comparable(wanted, adapted.type, ordered=False):
        given = Argument(written=node.args[2].value, type=adapted.type, at=value.at)
        checking.refuse_argument("lookup", f"{wanted.with_article}, as '{path.field.name}' is,", "value", given)
    return adapted


def _check_has_role(checking: Checking, node: Call) -> Typed:
    if not _count_of(checking, node, 1, 2):
        return failed(node.at)
    values = [checking.check(checking, arg.value) for arg in node.args]
    if len(values) == 1:
        checking.uses.add("user")
        user: Typed = FieldPath(type=record_of("user"), at=node.at, root=Root(kind=RootKind.USER, objects=("user",)))
        values.insert(0, user)
    user, role = values
    if user.type.kind is not Kind.RECORD and not user.type.is_open:
        given = Argument(written=node.args[0].value, type=user.type, at=user.at)
        checking.refuse_argument("has_role", "record", "user", given)
    if isinstance(role, Constant) and isinstance(role.value, str):
        check_role_name(checking, role)
    elif role.type.kind not in (Kind.TEXT, Kind.ROLE, Kind.LIST) and not role.type.is_open:
        given = Argument(written=node.args[-1].value, type=role.type, at=role.at)
        checking.refuse_argument("has_role", "text", "role", given)
    return RoleTest(type=BOOLEAN, at=node.at, user=user, roles=role)


def _check_has_permission(checking: Checking, node: Call) -> Typed:
    function = checking.scope.functions.find(node.function.text)
    assert function is not None
    found = _check_function(checking, node, function)
    name = found.args[0] if isinstance(found, FunctionCall) and found.args else None
    if isinstance(name, Constant) and isinstance(name.value, str):
        known = known_rights(checking.scope.metamodel)
        if name.value not in known:
            message = f"'{name.value}' is no permission: neither one of `permissions:` in app.yaml nor a system right"
            checking.refuse("EXP213", message, name.at, did_you_mean(name.value, known))
    return found


def _check_in_subtree(checking: Checking, node: Call) -> Typed:
    function = checking.scope.functions.find(node.function.text)
    assert function is not None
    return check_trees_of(checking, node, _check_function(checking, node, function))


_FORMS: Mapping[str, Callable[[Checking, Call], Typed]] = MappingProxyType(
    {
        "if": _check_if,
        "case": _check_case,
        "coalesce": _check_coalesce,
        "filled": _check_filled,
        "is_new": _check_is_new,
        "label": _check_label,
        "lookup": _check_lookup,
        "has_role": _check_has_role,
        "has_permission": _check_has_permission,
        "decide": check_decide,
        "in_subtree": _check_in_subtree,
    }
)
