"""What a condition depends on beyond what is written in it: the formulas of the fields that it reads, to their ends.

What time and other records do to a condition is told to authors from this (`RUL411`); it judges nothing itself.
"""

from __future__ import annotations

from metamodel.objects import ObjectDef
from workflow_dsl.checker import check_text
from workflow_dsl.reads import Read, Reads
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.scope import Scope


def with_formulas(checking: RuleChecking, object_def: ObjectDef, reads: Reads) -> Reads:
    """Give what a condition reads, with what the formulas of the record read that it reads.

    A formula that is computed when it is read is no field that a save changes: what it reads is.
    """
    left, seen = set(reads.own), set[str]()
    while left:
        name = left.pop()
        seen.add(name)
        more = _reads_of_formula(checking, object_def.key, name)
        if more is not None:
            reads = reads.joined(more)
            left |= more.own - seen
    return reads


def everything_read(checking: RuleChecking, reads: Reads) -> Reads:
    """Give what a condition reads of all records, with what the formulas of any of them read."""
    left, seen = set(reads.fields), set[Read]()
    while left:
        read = left.pop()
        seen.add(read)
        more = _reads_of_formula(checking, read.object, read.field)
        if more is not None:
            reads = reads.joined(more)
            left |= more.fields - seen
    return reads


def _reads_of_formula(checking: RuleChecking, object_key: str, name: str) -> Reads | None:
    metamodel = checking.scope.metamodel
    field_def = metamodel.objects[object_key].fields.get(name)
    if field_def is None or field_def.formula is None:
        return None
    scope = Scope(metamodel=metamodel, functions=checking.scope.functions, object=object_key)
    return check_text(field_def.formula, scope).reads
