"""Checks what stands for an input: the default of a blueprint, and the values of a use.

A value is the same for all records: a literal, a setting, something computed of these. What differs from record to
record comes by an input of type field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.names import did_you_mean
from workflow_dsl.blueprints.filling import Input
from workflow_dsl.blueprints.kinds import NAMED, VALUES, Family, family_of
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Blueprint, Expr, NamedKind, NamedRef, Pair, Param, Path, TextLiteral, Use


def argument_of(checking: RuleChecking, param: Param, given: Expr) -> Input | None:
    """Give an input with what stands for it; None where it is not of the input's type, which is reported."""
    name, type_name = param.name.text, param.type_name.text if param.type_name is not None else ""
    argument = _fitting(checking, name, type_name, given)
    return Input(name=name, type_name=type_name, argument=argument) if argument is not None else None


def arguments_of(checking: RuleChecking, use: Use, blueprint: Blueprint) -> Mapping[str, Input] | None:
    """Give all inputs of a blueprint as a use fills them; None where something is wrong, all of which is reported."""
    params = {param.name.text: param for param in blueprint.params}
    given = _given(checking, use, params, blueprint)
    found: dict[str, Input] = {}
    for name, param in params.items():
        value = given[name].value if name in given else param.default
        if value is None:
            what = f"'{name}' ({_type_of(param)}) of blueprint {blueprint.rule.name.text} is not given"
            checking.refuse("RUL502", what, use.blueprint.at, f"write {name}: …")
            continue
        # A default that does not fit is told where it stands.
        taken = argument_of(checking, param, value) if name in given else _default(checking, param)
        if taken is not None:
            found[name] = taken
    return found if len(found) == len(params) and len(given) == len(use.values) else None


def _given(checking: RuleChecking, use: Use, params: Mapping[str, Param], blueprint: Blueprint) -> dict[str, Pair]:
    given: dict[str, Pair] = {}
    for pair in use.values:
        name = pair.name.text
        if name not in params:
            known = ", ".join(f"{each} ({_type_of(param)})" for each, param in params.items())
            message = f"'{name}' is no input of blueprint {blueprint.rule.name.text}, which has {known}"
            checking.refuse("RUL502", message, pair.name.at, did_you_mean(name, params))
        elif name in given:
            checking.refuse("RUL502", f"'{name}' is given twice", pair.name.at)
        else:
            given[name] = pair
    return given


def _type_of(param: Param) -> str:
    return param.type_name.text if param.type_name is not None else "no type"


def _default(checking: RuleChecking, param: Param) -> Input | None:
    assert param.default is not None
    return argument_of(replace(checking, problems=type(checking.problems)()), param, param.default)


def _fitting(checking: RuleChecking, name: str, type_name: str, given: Expr) -> Expr | None:
    family = family_of(type_name)
    if family is Family.VALUE:
        return _value(checking, name, type_name, given)
    if family is Family.NAMED:
        return _named(checking, name, NAMED[type_name], given)
    if not isinstance(given, Path):
        _unfit(checking, name, f"the name of {_article(type_name)} {type_name}", given)
        return None
    if family is Family.OBJECT and checking.scope.metamodel.find_object(given.dotted) is None:
        checking.refuse_object(given)
        return None
    if family is Family.DEFINITION and len(given.names) > 1:
        _unfit(checking, name, f"the name of {_article(type_name)} {type_name}", given)
        return None
    return given


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _value(checking: RuleChecking, name: str, type_name: str, given: Expr) -> Expr | None:
    scope = replace(checking.scope, object=None, allows_old=False, place="a value for an input of a blueprint")
    what = f"the input '{name}' ({type_name})"
    return given if checking.value_in(scope, given, VALUES[type_name], what) is not None else None


def _named(checking: RuleChecking, name: str, kind: NamedKind, given: Expr) -> Expr | None:
    if isinstance(given, TextLiteral):
        given = NamedRef(kind=kind, name=given.value, at=given.at)
    if not isinstance(given, NamedRef) or given.kind is not kind:
        _unfit(checking, name, f'{kind} "…"', given)
        return None
    return given if checking.value(given) is not None else None


def _unfit(checking: RuleChecking, name: str, wanted: str, given: Expr) -> None:
    checking.refuse("RUL503", f"the input '{name}' takes {wanted}; got {checking.text_of(given.at)}", given.at)
