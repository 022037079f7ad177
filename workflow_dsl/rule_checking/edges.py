"""Checks edges: `comes to match` of a record, `rises above` and `falls below` of a number of it; and `has matched`.

The first become one condition that holds after the save and did not before, and the fields that may turn it; the last
is such a condition that goes on holding for a time. How the engine judges that is its matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedValue, HeldTrigger, RecordTrigger
from workflow_dsl.reads import Reads
from workflow_dsl.rule_checking.dependence import with_formulas
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Binary, BinaryOp, ComesToMatch, Crosses, EventKind, Expr, HasMatched, Path, Span
from workflow_dsl.types import AMOUNTS, BOOLEAN, DURATION, type_of_field

_SAVES = frozenset((EventKind.CREATED, EventKind.UPDATED))


def comes_to_match(checking: RuleChecking, object_def: ObjectDef, event: ComesToMatch) -> Iterator[RecordTrigger]:
    """Check `deal comes to match amount > 5 CNY`."""
    yield from _edge(checking, object_def, event.condition, "a trigger's condition", event.at)


def has_matched(checking: RuleChecking, object_def: ObjectDef, event: HasMatched) -> Iterator[HeldTrigger]:
    """Check `deal has matched stage = "open" for 3 days`."""
    scope = replace(checking.scope, place="a trigger's condition", allows_old=False)
    match = checking.value_in(scope, event.condition, BOOLEAN)
    duration = checking.value_in(scope, event.duration, DURATION, "'for'")
    if match is None or duration is None:
        return
    reads = with_formulas(checking, object_def, match.reads)
    _warn_of_others(checking, object_def, match, reads, event.condition.at)
    watched = reads.own | with_formulas(checking, object_def, duration.reads).own
    text = checking.text_of(event.at)
    yield HeldTrigger(object=object_def.key, match=match, duration=duration, text=text, watched=watched)


def crosses(
    checking: RuleChecking, object_def: ObjectDef, field_def: FieldDef, event: Crosses
) -> Iterator[RecordTrigger]:
    """Check `deal.score rises above 80`: the same as coming to match `score > 80`."""
    type_ = type_of_field(field_def)
    if type_.kind not in AMOUNTS:
        message = f"'{event.path.dotted}' is {type_.with_article}, and only numbers and money rise and fall"
        hint = f'write {object_def.key} comes to match …, or {event.path.dotted} changes to "…"'
        checking.refuse("RUL406", message, event.path.at, hint)
        return
    name = event.path.names[-1]
    comparison = Binary(
        op=BinaryOp.GT if event.rises else BinaryOp.LT,
        left=Path(names=(name,), at=name.at),
        right=event.value,
        at=event.at,
    )
    yield from _edge(checking, object_def, comparison, "a trigger's value", event.at)


def _edge(
    checking: RuleChecking, object_def: ObjectDef, condition: Expr, place: str, at: Span
) -> Iterator[RecordTrigger]:
    # `old` and `is changed` compare two moments already; asked of the old record they have no answer.
    scope = replace(checking.scope, place=place, allows_old=False)
    match = checking.value_in(scope, condition, BOOLEAN)
    if match is None:
        return
    reads = with_formulas(checking, object_def, match.reads)
    _warn_of_others(checking, object_def, match, reads, condition.at)
    yield RecordTrigger(object=object_def.key, kinds=_SAVES, text=checking.text_of(at), match=match, watched=reads.own)


def _warn_of_others(checking: RuleChecking, object_def: ObjectDef, match: CheckedValue, reads: Reads, at: Span) -> None:
    others = reads.lists or reads.along_paths or any(read.object != object_def.key for read in reads.fields)
    named = ("other records", others), ("now", reads.now), ("today", reads.today)
    found = " and ".join(name for name, is_read in named if is_read)
    if found:
        message = f"'{match.text}' reads {found}, and the rule looks only when the {object_def.key} itself is saved"
        checking.warn("RUL411", message, at, "keep what counts in a field of the record, or look every day")
