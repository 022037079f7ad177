"""Checks the rules of all apps: each by itself, all together, and what their users may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.releases.rule_rights import check_rule_rights
from metamodel.apps import Metamodel
from metamodel.source import Problem
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.rule_checker import CheckedRules, check_all_rules
from workflow_dsl.write_graph import check_together


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChecks:
    """Checks rules as one installation has them; actions, events: what its plugins offer and tell of."""

    functions: FunctionRegistry
    actions: Callable[[], tuple[str, ...]]
    events: Callable[[], tuple[str, ...]]

    def check(self, metamodel: Metamodel) -> CheckedRules:
        """Check each rule by itself."""
        return check_all_rules(metamodel, self.functions, self.actions(), self.events())

    def problems(self, metamodel: Metamodel, checked: CheckedRules) -> Iterator[Problem]:
        """Give the problems of all: what was found of each, of all together, and of what their users may do."""
        yield from checked.problems
        yield from check_together(metamodel, checked.rules, self.functions, checked.approvals)
        yield from check_rule_rights(metamodel, checked.rules)
