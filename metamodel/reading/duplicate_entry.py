"""Reads `duplicates:` of an object or extension."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from metamodel.duplicates import DEFAULT_THRESHOLD, DuplicateAction, DuplicateDef, MatchDef, MatchHow
from metamodel.reading.node_values import Reading, child, items, word
from metamodel.yaml_nodes import Node


def read_duplicates(node: Node | None, reading: Reading) -> tuple[DuplicateDef, ...]:
    """Read the duplicate rules in their order."""
    return tuple(_rule(item, reading) for item in items(node))


def _rule(node: Node, reading: Reading) -> DuplicateDef:
    action = word(child(node, "action"))
    return DuplicateDef(
        match=tuple(_match(item) for item in items(child(node, "match"))),
        at=node.at,
        app=reading.app(node.at),
        action=DuplicateAction(action) if action in tuple(DuplicateAction) else DuplicateAction.WARN,
    )


def _match(node: Node) -> MatchDef:
    how = word(child(node, "how"))
    try:
        threshold = Decimal(word(child(node, "threshold")) or DEFAULT_THRESHOLD)
    except InvalidOperation:
        # The schema told of it.
        threshold = DEFAULT_THRESHOLD
    return MatchDef(
        field=word(child(node, "field")) or "",
        how=MatchHow(how) if how in tuple(MatchHow) else MatchHow.EXACT,
        threshold=threshold,
    )
