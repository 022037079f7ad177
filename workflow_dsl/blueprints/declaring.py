"""Checks a blueprint by itself: its inputs, what they stand for by default, and where the rule uses them."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.names import did_you_mean, name_fault
from workflow_dsl.blueprints.arguments import argument_of
from workflow_dsl.blueprints.filling import Filling, Input
from workflow_dsl.blueprints.kinds import NAMED, TYPE_NAMES, Family, family_of
from workflow_dsl.blueprints.places import written_fields
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Blueprint, EmptyLiteral, Expr, NamedRef, Param, Path


def check_blueprint(checking: RuleChecking, blueprint: Blueprint) -> bool:
    """Check a blueprint and say whether uses of it can be checked; what is wrong is reported at its own lines."""
    before = len(checking.problems.errors)
    seen: set[str] = set()
    for param in blueprint.params:
        _check_param(checking, param, seen)
    if len(checking.problems.errors) > before:
        return False
    metamodel = checking.scope.metamodel
    inputs = _stand_ins(blueprint)
    filling = Filling(inputs=inputs, own_fields=lambda node, rule: written_fields(metamodel, node, rule))
    filling.fill(blueprint.rule)
    for misuse in filling.misuses:
        checking.refuse("RUL505", misuse.message, misuse.at)
    for param in blueprint.params:
        if param.name.text not in filling.used:
            checking.warn("RUL507", f"the input '{param.name.text}' stands nowhere in the blueprint", param.name.at)
    return len(checking.problems.errors) == before


def _check_param(checking: RuleChecking, param: Param, seen: set[str]) -> None:
    name = param.name.text
    fault = name_fault(name)
    if fault is not None:
        checking.refuse("RUL504", f"'{name}' {fault}", param.name.at)
    if name in seen:
        checking.refuse("RUL504", f"there is an input '{name}' already", param.name.at)
    seen.add(name)
    known = ", ".join(TYPE_NAMES)
    if param.type_name is None:
        checking.refuse("RUL504", f"the input '{name}' has no type", param.name.at, f"write {name}: and one of {known}")
    elif param.type_name.text not in TYPE_NAMES:
        message = f"'{param.type_name.text}' is no type of inputs"
        hint = did_you_mean(param.type_name.text, TYPE_NAMES) or f"there are {known}"
        checking.refuse("RUL504", message, param.type_name.at, hint)
    elif param.default is not None:
        argument_of(checking, param, param.default)


def _stand_ins(blueprint: Blueprint) -> Mapping[str, Input]:
    """Give inputs that stand for themselves, to see where they are used before anybody uses the blueprint."""
    found = {}
    for param in blueprint.params:
        assert param.type_name is not None
        name, type_name = param.name.text, param.type_name.text
        found[name] = Input(name=name, type_name=type_name, argument=_stand_in(param, type_name))
    return found


def _stand_in(param: Param, type_name: str) -> Expr:
    family = family_of(type_name)
    if family is Family.VALUE:
        return EmptyLiteral(at=param.name.at)
    if family is Family.NAMED:
        return NamedRef(kind=NAMED[type_name], name=param.name.text, at=param.name.at)
    return Path(names=(param.name,), at=param.name.at)
