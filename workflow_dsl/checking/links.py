"""Checks `links contains record` and `links is empty`: a list of links asked for the other side of its rows.

Both become `exists` over the links, so that memory and the database answer them as any aggregate.
"""

from __future__ import annotations

from metamodel.objects import InverseDef
from metamodel.source import LocatedText, Problems
from workflow_dsl.checking.fitting import comparable
from workflow_dsl.checking.names import FoundList, find
from workflow_dsl.checking.state import Checking, failed, shown
from workflow_dsl.parser import parse_expression
from workflow_dsl.reads import Read
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import Binary, BinaryOp, Expr, IsEmpty, Path
from workflow_dsl.typed import (
    Aggregate,
    AggregateKind,
    Comparison,
    FieldPath,
    InverseSource,
    Negation,
    Root,
    RootKind,
    Typed,
)
from workflow_dsl.types import BOOLEAN, type_of_field


def links_of(checking: Checking, expression: Expr) -> FoundList | None:
    """Give the list of links that an expression names; None where it is anything else, of which nothing is told."""
    if not isinstance(expression, Path) or not _may_be_links(checking, expression):
        return None
    found = find(checking, expression)
    return found if isinstance(found, FoundList) and found.inverse.other is not None and not found.rest else None


def links_source(text: LocatedText, scope: Scope) -> InverseSource | None:
    """Give the rows of the list of links that a text names; None where it names anything else."""
    expression = parse_expression(text).expression
    checking = Checking(scope=scope, problems=Problems(), check=_check_nothing)
    found = links_of(checking, expression) if expression is not None else None
    if found is None:
        return None
    return InverseSource(base=found.base, inverse=found.inverse, holder=found.object, object=found.inverse.object)


def _check_nothing(checking: Checking, expression: Expr) -> Typed:
    return failed(expression.at)


def check_links_contain(checking: Checking, node: Binary, found: FoundList) -> Typed:
    """Check `links contains record`: one of them leads to that record."""
    part = checking.check(checking, node.right)
    level, other = len(checking.rows), found.inverse.other
    assert other is not None
    definition = checking.scope.metamodel.objects[found.inverse.object].fields[other]
    root = Root(kind=RootKind.ROW, objects=(found.inverse.object,), level=level)
    type_ = type_of_field(definition)
    if not comparable(type_, part.type, ordered=False):
        message = f"'{found.inverse.name}' holds {type_}, and '{shown(node.right)}' is {part.type.with_article}"
        hint = f"name a record, or ask exists({found.inverse.name} where {other}.name = …)"
        checking.refuse("EXP305", message, node.right.at, hint)
        return failed(node.at)
    end = FieldPath(type=type_, at=node.at, root=root, field=definition, holders=(found.inverse.object,))
    same = Comparison(type=BOOLEAN, at=node.at, op=BinaryOp.EQ, left=end, right=part)
    return _exists(checking, found, level, same)


def check_links_empty(checking: Checking, node: IsEmpty, found: FoundList) -> Typed:
    """Check `links is empty` and `links is not empty`."""
    some = _exists(checking, found, len(checking.rows), None)
    return some if node.negated else Negation(type=BOOLEAN, at=node.at, operand=some)


def _exists(checking: Checking, found: FoundList, level: int, where: Typed | None) -> Typed:
    inverse: InverseDef = found.inverse
    source = InverseSource(base=found.base, inverse=inverse, holder=found.object, object=inverse.object)
    checking.reads.add(Read(inverse.object, inverse.field))
    checking.uses.add(f"list {found.object} {inverse.name}")
    return Aggregate(type=BOOLEAN, at=found.at, function=AggregateKind.EXISTS, source=source, level=level, where=where)


def _may_be_links(checking: Checking, path: Path) -> bool:
    """Say whether the last name of a path is that of links somewhere: all else is resolved as it always was."""
    return path.names[-1].text in checking.scope.metamodel.link_lists
