"""The check of all rules together, over what each of them is right about by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from metamodel.apps import Metamodel
from metamodel.source import Problem
from workflow_dsl.checked_rules import CheckedApproval, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.clashes import ClashFinder
from workflow_dsl.write_graph.decisions import decisions_of
from workflow_dsl.write_graph.loops import LoopFinder
from workflow_dsl.write_graph.never import never_matching
from workflow_dsl.write_graph.watches import Watcher
from workflow_dsl.write_graph.writes import Write, WriteKind, writes_of


def check_together(
    metamodel: Metamodel,
    rules: Sequence[CheckedRule],
    functions: FunctionRegistry,
    approvals: Sequence[CheckedApproval] = (),
) -> Iterator[Problem]:
    """Give the problems of rules that are right one by one.

    Problems: RUL421 loops; warnings RUL422 two writers, RUL423 order, RUL424 never matches.
    """
    active = (*(rule for rule in rules if rule.active), *decisions_of(approvals))
    if not active:
        return
    watcher = Watcher(metamodel, functions)
    writes = tuple(write for rule in active for write in writes_of(rule))
    arcs = Arcs(metamodel, watcher, active, set_before(writes), approvals)
    for loop in LoopFinder(arcs, watcher, writes).loops():
        yield loop.problem()
    yield from ClashFinder(arcs, active, writes).problems()
    for rule in active:
        yield from never_matching(metamodel, arcs, rule)


def set_before(writes: Sequence[Write]) -> frozenset[tuple[str, str]]:
    """Give the fields that before rules set in saves of whatever rule."""
    return frozenset(
        (write.object, name)
        for write in writes
        if write.rule.is_before and write.kind is WriteKind.UPDATE
        for name in write.values
    )
