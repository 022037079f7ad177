"""Types of what is true or false: comparisons, `in`, `between`, periods, `contains`, `is …`, and, or, not."""

from __future__ import annotations

from dataclasses import replace

import re2

from metamodel.names import did_you_mean
from workflow_dsl.checking.fitting import adapt, comparable, name_of
from workflow_dsl.checking.links import check_links_contain, check_links_empty, links_of
from workflow_dsl.checking.names import old_root
from workflow_dsl.checking.state import Checking, failed, shown
from workflow_dsl.syntax import (
    And,
    Between,
    Binary,
    BinaryOp,
    Expr,
    InPeriod,
    IsA,
    IsChanged,
    IsEmpty,
    Not,
    Or,
    Path,
    PatternLiteral,
)
from workflow_dsl.typed import (
    BetweenTest,
    ChangedTest,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    EmptyTest,
    FieldPath,
    ListValue,
    Membership,
    Negation,
    ObjectTest,
    PatternTest,
    PeriodTest,
    RoleTest,
    RootKind,
    TextTest,
    Typed,
)
from workflow_dsl.types import BOOLEAN, MOMENTS, Kind, Type

_ORDERING = frozenset((BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE))


def check_comparison(checking: Checking, node: Binary) -> Typed:
    """Check `= != < <= > >=`."""
    left, right = _adapted_pair(checking, node.left, node.right)
    if not comparable(left.type, right.type, ordered=node.op in _ORDERING):
        _refuse_comparison(checking, node, left.type, right.type)
    elif node.op in _ORDERING and Kind.EMPTY in (left.type.kind, right.type.kind):
        checking.warn("EXP311", f"'{shown(node)}' never holds", node.at, "ask with `is empty` or `is not empty`")
    return Comparison(type=BOOLEAN, at=node.at, op=node.op, left=left, right=right)


def _adapted_pair(checking: Checking, left: Expr, right: Expr) -> tuple[Typed, Typed]:
    first, second = checking.check(checking, left), checking.check(checking, right)
    return adapt(checking, first, second.type, name_of(second)), adapt(checking, second, first.type, name_of(first))


def _refuse_comparison(checking: Checking, node: Expr, left: Type, right: Type) -> None:
    message = f"'{shown(node)}' compares {left.with_article} with {right.with_article}"
    checking.refuse("EXP305", message, node.at, _comparison_hint(left, right))


def _comparison_hint(left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return "write date(…) around the moment"
    if kinds == {Kind.CHOICE, Kind.TEXT}:
        return "text(…) gives the name of a choice's option, label(…) its label"
    if Kind.DURATION in kinds and (left.is_numeric or right.is_numeric):
        return "name the unit: 3 days, or n * 1 day"
    if Kind.TEXT in kinds and kinds & MOMENTS:
        return "dates are written without quotes: 2026-11-21"
    if Kind.TEXT in kinds and (left.is_numeric or right.is_numeric):
        return "number(…) reads a number from a text"
    if kinds == {Kind.RECORD, Kind.TEXT}:
        return "compare a field of the record, such as its id or name"
    if Kind.COMPOUND in kinds:
        return "compare one of its parts, such as address.city"
    if Kind.LIST in kinds:
        return "ask a list with `contains`, or a value with `in`"
    return ""


def check_membership(checking: Checking, node: Binary) -> Typed:
    """Check `in` and `not in`: each item as with `=`."""
    value, items = checking.check(checking, node.left), checking.check(checking, node.right)
    items = adapt(checking, items, value.type, name_of(value))
    if items.type.kind is not Kind.LIST and not items.type.is_open:
        message = f"'{shown(node.right)}' is {items.type.with_article}, not a list"
        checking.refuse("EXP305", message, items.at, 'a list is written ["a", "b"]')
        return failed(node.at)
    if isinstance(items, ListValue) and (items.type.item is None or items.type.item.kind is not Kind.UNKNOWN):
        value_adapted = value
        for item in items.items:
            value_adapted = adapt(checking, value_adapted, item.type, name_of(item))
            if not comparable(value.type, item.type, ordered=False) and not _same(value_adapted, item):
                _refuse_comparison(checking, node, value.type, item.type)
                break
        value = value_adapted
    elif items.type.item is not None and not comparable(value.type, items.type.item, ordered=False):
        _refuse_comparison(checking, node, value.type, items.type.item)
    return Membership(type=BOOLEAN, at=node.at, value=value, items=items, negated=node.op is BinaryOp.NOT_IN)


def _same(value: Typed, item: Typed) -> bool:
    return comparable(value.type, item.type, ordered=False)


def check_between(checking: Checking, node: Between) -> Typed:
    """Check `between`: ordered types that fit each other."""
    value = checking.check(checking, node.value)
    bounds = []
    for bound in (node.low, node.high):
        typed = adapt(checking, checking.check(checking, bound), value.type, name_of(value))
        if not comparable(value.type, typed.type, ordered=True):
            _refuse_comparison(checking, node, value.type, typed.type)
        bounds.append(typed)
    return BetweenTest(type=BOOLEAN, at=node.at, value=value, low=bounds[0], high=bounds[1])


def check_period(checking: Checking, node: InPeriod) -> Typed:
    """Check `in last 30 days`: dates and moments."""
    value = checking.check(checking, node.value)
    if value.type.kind not in MOMENTS and not value.type.is_open:
        message = f"'{shown(node)}' asks {value.type.with_article} for a period"
        checking.refuse("EXP305", message, node.at, "a date or datetime lies in a period")
    checking.uses.add("today")
    return PeriodTest(type=BOOLEAN, at=node.at, value=value, period=node.period, negated=node.negated)


def check_is_empty(checking: Checking, node: IsEmpty) -> Typed:
    """Check `is empty`: any type, and lists of links."""
    if (links := links_of(checking, node.value)) is not None:
        return check_links_empty(checking, node, links)
    value = checking.check(checking, node.value)
    return EmptyTest(type=BOOLEAN, at=node.at, value=value, negated=node.negated)


def check_is_changed(checking: Checking, node: IsChanged) -> Typed:
    """Check `is changed`: a path of the record, where a change is at hand."""
    if checking.scope.needs_sql and not checking.scope.allows_old:
        checking.only_in_memory("'is changed'", node.at)
        return failed(node.at)
    value = checking.check(checking, node.value)
    if not isinstance(node.value, Path) or not isinstance(value, FieldPath) or value.root.kind is not RootKind.THIS:
        if not value.type.is_open:
            checking.refuse("EXP403", "'is changed' asks for a field of the record itself", node.at)
        return failed(node.at)
    old = replace(value, root=old_root(checking, node.at))
    return ChangedTest(type=BOOLEAN, at=node.at, value=value, old_value=old, negated=node.negated)


def check_is_a(checking: Checking, node: IsA) -> Typed:
    """Check `about is a contact`."""
    value = checking.check(checking, node.value)
    object_def = checking.scope.metamodel.find_object(node.object.dotted)
    if object_def is None:
        report_object(checking, node.object)
        return failed(node.at)
    if value.type.kind is not Kind.RECORD and not value.type.is_open:
        message = f"'{shown(node)}' asks {value.type.with_article} which object it is"
        checking.refuse("EXP305", message, node.at, "only lookups point at records of an object")
    elif value.type.objects and object_def.key not in value.type.objects:
        message = f"'{shown(node)}' never holds: '{shown(node.value)}' is {value.type.with_article}"
        checking.refuse("EXP305", message, node.at)
    return ObjectTest(type=BOOLEAN, at=node.at, value=value, object=object_def.key)


def report_object(checking: Checking, path: Path) -> None:
    """Report a name that is no object."""
    hint = did_you_mean(path.dotted, checking.scope.metamodel.objects)
    checking.refuse("EXP202", f"'{path.dotted}' is not an object", path.at, hint)


def check_has_role(checking: Checking, node: Binary) -> Typed:
    """Check `user has role "manager"` and a list of roles."""
    user, roles = checking.check(checking, node.left), checking.check(checking, node.right)
    is_user = user.type.kind is Kind.RECORD and (not user.type.objects or "user" in user.type.objects)
    if not is_user and not user.type.is_open:
        checking.refuse("EXP305", f"'{shown(node.left)}' is {user.type.with_article}; users have roles", user.at)
    _check_roles(checking, roles)
    return RoleTest(type=BOOLEAN, at=node.at, user=user, roles=roles)


def _check_roles(checking: Checking, roles: Typed) -> None:
    for role in roles.items if isinstance(roles, ListValue) else (roles,):
        if role.type.kind not in (Kind.TEXT, Kind.ROLE) and not role.type.is_open:
            checking.refuse("EXP305", f"a role is named by a text, not {role.type.with_article}", role.at)
        elif isinstance(role, Constant) and isinstance(role.value, str):
            check_role_name(checking, role)


def check_role_name(checking: Checking, role: Constant) -> None:
    """Check that a role of that name exists."""
    known = checking.scope.metamodel.roles
    if str(role.value) not in known:
        checking.refuse("EXP208", f"there is no role '{role.value}'", role.at, did_you_mean(str(role.value), known))


def check_text_test(checking: Checking, node: Binary) -> Typed:
    """Check `contains`, `starts with`, `ends with`; `contains` asks lists as well."""
    if node.op is BinaryOp.CONTAINS and (links := links_of(checking, node.left)) is not None:
        return check_links_contain(checking, node, links)
    value, part = _adapted_pair(checking, node.left, node.right)
    if value.type.kind is Kind.LIST and node.op is BinaryOp.CONTAINS:
        item = value.type.item
        if item is not None:
            part = adapt(checking, part, item, name_of(value))
        if item is not None and not comparable(item, part.type, ordered=False):
            _refuse_comparison(checking, node, value.type, part.type)
        return TextTest(type=BOOLEAN, at=node.at, op=node.op, value=value, part=part)
    for side, written in ((value, node.left), (part, node.right)):
        if side.type.kind is not Kind.TEXT and not side.type.is_open:
            message = f"'{node.op}' asks texts, and '{shown(written)}' is {side.type.with_article}"
            checking.refuse("EXP305", message, side.at, "text(…) or label(…) gives a text")
            return failed(node.at)
    return TextTest(type=BOOLEAN, at=node.at, op=node.op, value=value, part=part)


def check_matches(checking: Checking, node: Binary) -> Typed:
    """Check `matches`: a text against a pattern that RE2 can run."""
    value = checking.check(checking, node.left)
    checking.only_in_memory("'matches'", node.at, allowed=checking.scope.allows_matches)
    if not isinstance(node.right, PatternLiteral):
        checking.refuse("EXP408", "the pattern right of 'matches' is a text in quotes", node.right.at)
        return failed(node.at)
    if value.type.kind is not Kind.TEXT and not value.type.is_open:
        message = f"'matches' asks texts, and '{shown(node.left)}' is {value.type.with_article}"
        checking.refuse("EXP305", message, value.at, "text(…) gives a text")
    fault = pattern_fault(node.right.value)
    if fault:
        checking.refuse("EXP408", f"the pattern can't be used: {fault}", node.right.at)
        return failed(node.at)
    return PatternTest(type=BOOLEAN, at=node.at, value=value, pattern=node.right.value)


def pattern_fault(pattern: str) -> str:
    """Say why RE2 refuses a pattern, or give an empty text (back-references and look-behind are among the reasons)."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is not a pattern"
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return ""


def check_chain(checking: Checking, node: And | Or) -> Typed:
    """Check `and` and `or`."""
    operands = tuple(condition(checking, operand) for operand in node.operands)
    if isinstance(node, And):
        return Conjunction(type=BOOLEAN, at=node.at, operands=operands)
    return Disjunction(type=BOOLEAN, at=node.at, operands=operands)


def check_not(checking: Checking, node: Not) -> Typed:
    """Check `not`."""
    return Negation(type=BOOLEAN, at=node.at, operand=condition(checking, node.operand))


def condition(checking: Checking, node: Expr, *, of: str = "") -> Typed:
    """Check an expression that stands where true or false is wanted; `of`: what wants it, before what it is."""
    typed = checking.check(checking, node)
    if typed.type.kind is not Kind.BOOLEAN and not typed.type.is_open:
        hint = "compare it with something, or ask `is not empty`"
        told = f"'{shown(node)}' is {typed.type.with_article}"
        message = of + told if of else f"{told}, where true or false is wanted"
        checking.refuse("EXP304", message, node.at, hint)
    return typed
