"""What a rule computes: Fieldstone's expression and rule language, from text to a typed, bounded callable.

Text to tree (`parser`; problems carry file, line, column and a sentence, nothing raises on an author's text):

- `parse_expression(LocatedText) -> ParsedExpression(expression | None, problems)`
- `parse_template(LocatedText)` for messages and titles with `{expression}` in them
- `parse_rules(LocatedText) -> ParsedRules(items, problems)`

Tree to meaning (`checker`, against a `Scope`: metamodel, object, place, given names, what may be read):

- `check_text(LocatedText, scope, wanted=Type, what=…) -> CheckedExpression(typed | None, reads, problems)`
- `check_condition(LocatedText, scope)`, `check_message(LocatedText, scope)`, `check_expression(syntax tree, scope)`
- `typed` has the nodes that back ends read, `typed_walk` walks them, `Reads` says what an expression depends on.

Meaning to value (`compiler`, `evaluator`): compile once a release, evaluate millions of times a second.

- `compile_expression(typed, source) -> Evaluator`
- `Evaluator.evaluate(context, row=None) -> value`, `.holds(…) -> bool`, `.explain(…) -> Explained` tree for traces
- `Context` is what evaluation asks of its surroundings; `PlainContext` is one over plain dicts
- failures are `EvaluationError`s (never a value, never true)

Rules (`rule_checker`): `check_all_rules(metamodel, functions, actions) -> CheckedRules(rules, problems)`; the nodes of
a checked rule are in `checked_rules` (index keys, typed conditions, a tree of typed actions with stable paths).

Texts: `print_expression` gives the canonical text of a tree. Calendar: `periods.period_bounds` gives the days of
`in last 30 days` for a back end of its own.

The tree's nodes are in `syntax`; `at` (a `Span`) is left out of comparison. This package knows types and names, never
records or a database.
"""

from __future__ import annotations

from workflow_dsl.checker import CheckedExpression, check_condition, check_expression, check_message, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context, PlainContext, Values
from workflow_dsl.durations import Duration
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.evaluator import Evaluator, Explained
from workflow_dsl.parser import ParsedExpression, ParsedRules, parse_expression, parse_rules, parse_template
from workflow_dsl.printer import print_expression
from workflow_dsl.reads import Read, Reads
from workflow_dsl.rule_checker import CheckedRules, check_all_rules
from workflow_dsl.scope import Scope
from workflow_dsl.standard_functions import standard_functions

__all__ = [
    "CheckedExpression",
    "CheckedRules",
    "Context",
    "Duration",
    "EvaluationError",
    "Evaluator",
    "Explained",
    "ParsedExpression",
    "ParsedRules",
    "PlainContext",
    "Read",
    "Reads",
    "Scope",
    "Values",
    "check_all_rules",
    "check_condition",
    "check_expression",
    "check_message",
    "check_text",
    "compile_expression",
    "parse_expression",
    "parse_rules",
    "parse_template",
    "print_expression",
    "standard_functions",
]
