"""What a rule computes: Fieldstone's expression and rule language, from text to a typed, bounded callable.

Text to tree (module `parser`; problems carry file, line, column and a sentence, nothing raises on an author's text):

- `parse_expression(LocatedText) -> ParsedExpression(expression | None, problems)`
- `parse_template(LocatedText)` for messages and titles with `{expression}` in them
- `parse_rules(LocatedText) -> ParsedRules(items, problems)`

The tree's nodes are in `syntax`; `at` (a `Span`) is left out of comparison. This package knows types and names, never
records or a database.
"""

from __future__ import annotations

from workflow_dsl.parser import ParsedExpression, ParsedRules, parse_expression, parse_rules, parse_template

__all__ = ["ParsedExpression", "ParsedRules", "parse_expression", "parse_rules", "parse_template"]
