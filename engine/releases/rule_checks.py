"""Checks the rules of all apps: each by itself, all together, and what their users may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.releases.rule_rights import check_rule_rights
from metamodel.apps import Metamodel
from metamodel.source import Problem
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.write_graph import check_together


def check_rules(
    metamodel: Metamodel, functions: FunctionRegistry, actions: Iterable[str], events: Iterable[str] = ()
) -> Iterator[Problem]:
    """Give the problems of all rules; actions, events: what plugins offer and tell of."""
    checked = check_all_rules(metamodel, functions, actions, events)
    yield from checked.problems
    yield from check_together(metamodel, checked.rules, functions)
    yield from check_rule_rights(metamodel, checked.rules)
