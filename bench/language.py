"""Measures the language alone, in processor time: `python -m bench.language`.

How many four-term conditions one process evaluates in a second, and how long 7,000 formulas and 10,000 rules take from
their texts to what runs (parsed, checked, compiled). Nothing is read from a database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from engine.releases.collector import collector_paused
from metamodel.source import LocatedText
from tests.support.dsl_corpus import sample_context, sample_scope
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.standard_functions import standard_functions

CONDITION = 'stage = "proposal" and urgent and quantity > 5 and region = "east"'
FORMULAS, RULES, EVALUATIONS = 7_000, 10_000, 300_000
TURNS = 3


def main() -> None:
    """Print the figures, each the best of several turns."""
    evaluate, context = _compiled(CONDITION), sample_context()

    def evaluate_many() -> None:
        for _ in range(EVALUATIONS):
            evaluate(context)

    print(f"a condition of four terms: {EVALUATIONS / _best(evaluate_many):,.0f} a second")
    print(f"{FORMULAS:,} formulas from their texts: {_best(_load_formulas):.2f} s")
    print(f"{RULES:,} rules from their texts: {_best(_load_rules):.2f} s")


def _compiled(text: str) -> Callable[..., object]:
    checked = check_text(LocatedText.plain(text), sample_scope())
    assert checked.typed is not None, list(checked.problems)
    return compile_expression(checked.typed).evaluate


def _load_formulas() -> None:
    with collector_paused():
        for number in range(FORMULAS):
            # Half of them across a lookup, as in real apps.
            path = "account.employees" if number % 2 else "quantity"
            _compiled(f"if({path} > {number}, coalesce({path}, 0) * 2 + {number}, {path} - 1)")


def _load_rules() -> None:
    texts = [
        f'rule r_{number} when deal is updated if quantity > {number} and stage = "won" then set score = {number}\n'
        for number in range(RULES)
    ]
    files = tuple(
        LocatedText.plain("".join(texts[start : start + 100]), f"rules/from_{start}.rules")
        for start in range(0, RULES, 100)
    )
    metamodel = sample_metamodel()
    app = replace(metamodel.main, rule_files=files)
    with collector_paused():
        found = check_all_rules(replace(metamodel, apps=(app,)), standard_functions())
    assert len(found.rules) == RULES, list(found.problems)[:3]


def _best(work: Callable[[], object]) -> float:
    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once() for _ in range(TURNS))


if __name__ == "__main__":
    main()
