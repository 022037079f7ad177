"""A condition of access over a record as a tree with the value of each part, made of the predicate that decides.

In the compact form in which runs keep conditions (`automation/explaining.py`), so that one reader masks both.
"""

from __future__ import annotations

from typing import Any

from engine.access.predicates import (
    EVERYONE,
    NOBODY,
    OWNER,
    AllOf,
    AnyOf,
    Own,
    ParentIs,
    Predicate,
    Subordinates,
    Team,
    Unless,
    Written,
)
from engine.access.shared import Shared
from engine.access.territories import InTerritory
from engine.automation.explaining import explain_value
from engine.automation.program.base import Value
from engine.automation.stored_values import to_stored
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError

_BY_OWNER = {Own: "own", Team: "team", Subordinates: "subordinates"}


def holds(predicate: Predicate, context: Context | None) -> bool | None:
    """Say whether a condition holds; None without a record, where it depends on one."""
    if predicate is EVERYONE or predicate is NOBODY:
        return predicate is EVERYONE
    if context is None:
        return None
    try:
        return predicate.test(context)
    except EvaluationError:
        return False


def condition_tree(predicate: Predicate, context: Context) -> list[Any]:
    """Explain a condition over a record: `[text, value, fields it reads, error, parts]`."""
    met = holds(predicate, context)
    match predicate:
        case AllOf() | AnyOf():
            parts = [condition_tree(part, context) for part in predicate.parts]
            joint = " and " if isinstance(predicate, AllOf) else " or "
            return [joint.join(_bracketed(part) for part in parts), met, [], None, parts]
        case Unless():
            inner = condition_tree(predicate.part, context)
            return [f"not {_bracketed(inner)}", met, [], None, [inner]]
        case Written():
            evaluator = compile_expression(predicate.typed, predicate.text)
            text = predicate.text.text if predicate.text is not None else ""
            return explain_value(Value(evaluator=evaluator, text=text), context)
        case Own() | Team() | Subordinates():
            owner = [OWNER, to_stored(context.this.get(OWNER)), [OWNER], None, []]
            return [_BY_OWNER[type(predicate)], met, [OWNER], None, [owner]]
        case Shared():
            return ["shared", met, [], None, []]
        case InTerritory():
            return [f"territory {predicate.name}", met, [], None, []]
        case ParentIs():
            above = predicate.context_of(context, predicate.parent, context.this.get(predicate.field))
            inner = [] if above is None else [_unseen(condition_tree(predicate.condition, above), predicate)]
            return [predicate.field, met, [predicate.field], None, inner]
    return ["all" if met else "no", met, [], None, []]


def _unseen(part: list[Any], beyond: ParentIs) -> list[Any]:
    """Name what a condition of the parent reads as what lies behind the lookup, so that it is masked like that."""
    text, value, fields, error, parts = part
    named = [f"{beyond.field}>{beyond.parent}/{name}" for name in fields]
    return [text, value, named, error, [_unseen(each, beyond) for each in parts]]


def _bracketed(part: list[Any]) -> str:
    text = str(part[0])
    return f"({text})" if " or " in text or " and " in text else text
