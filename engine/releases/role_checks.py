"""Checks the scopes of roles: the words for scopes, and expressions that both SQL and memory can judge."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from engine.access.compiler import SCOPE_WORDS, TERRITORY
from metamodel.apps import Metamodel
from metamodel.names import RESERVED_WORDS, did_you_mean
from metamodel.source import LocatedText, Location, Problem, Severity
from workflow_dsl.checker import check_expression
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.parser import parse_expression
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import And, Expr, Not, Or, Path
from workflow_dsl.types import BOOLEAN

_MASKED = "masked"


def check_roles(metamodel: Metamodel, functions: FunctionRegistry) -> Iterator[Problem]:
    """Give the problems of all scopes of all roles."""
    for role in metamodel.roles.values():
        of_all = role.every_object.scopes.values() if role.every_object is not None else ()
        everywhere = frozenset(text.at for text in of_all)
        for name, grant in role.objects.items():
            yield from _check_all(metamodel, functions, name, grant.scopes, everywhere)
        for field in role.fields:
            rights = {"read": field.read, "update": field.update}
            given = {action: text for action, text in rights.items() if text is not None}
            shown = {action: text for action, text in given.items() if text.text.strip() != _MASKED}
            yield from _check_all(metamodel, functions, field.object, shown)


def _is_unknown(name: str, scope: Scope) -> bool:
    fields = scope.metamodel.objects[scope.object].fields if scope.object else {}
    return name not in fields and name not in RESERVED_WORDS and name != "record_type"


def _check_all(
    metamodel: Metamodel,
    functions: FunctionRegistry,
    object_name: str,
    scopes: Mapping[str, LocatedText],
    everywhere: Container[Location] = frozenset(),
) -> Iterator[Problem]:
    """Check the scopes for an object. everywhere: places of what is given to every object, where a word is enough."""
    object_def = metamodel.find_object(object_name)
    if object_def is None:
        return  # said by the reference check
    scope = Scope(
        metamodel=metamodel, functions=functions, object=object_def.key, place="a scope of a role", needs_sql=True
    )
    for text in scopes.values():
        if text.text in SCOPE_WORDS and (text.text != TERRITORY or text.at in everywhere):
            continue  # most scopes are one word, and `"*"` gives it to every object
        parsed = parse_expression(text)
        yield from parsed.problems
        if parsed.expression is not None:
            yield from _judge(parsed.expression, scope)


def _judge(expression: Expr, scope: Scope) -> Iterator[Problem]:
    match expression:
        case Or() | And():
            for operand in expression.operands:
                yield from _judge(operand, scope)
        case Not():
            yield from _judge(expression.operand, scope)
        case Path() if expression.dotted == TERRITORY:
            if not any(scope.object in each.objects for each in scope.metamodel.territories.values()):
                yield Problem(
                    code="APP805",
                    message=f"no territory has records of {scope.object}, so 'territory' grants nothing",
                    hint="write a condition for the object under `territories:` in organization.yaml",
                    at=expression.at.location,
                    severity=Severity.WARNING,
                    length=expression.at.length,
                )
        case Path() if expression.dotted in SCOPE_WORDS:
            return
        case Path() if len(expression.names) == 1 and _is_unknown(expression.dotted, scope):
            known = (*SCOPE_WORDS, *(scope.metamodel.objects[scope.object].fields if scope.object else ()))
            words = ", ".join(SCOPE_WORDS)
            yield Problem(
                code="EXP201",
                message=f"'{expression.dotted}' is neither a scope nor a field of {scope.object}",
                hint=did_you_mean(expression.dotted, known) or f"scopes are {words}, or a condition",
                at=expression.at.location,
                length=expression.at.length,
            )
        case _:
            yield from check_expression(expression, scope, wanted=BOOLEAN, what="a scope").problems
