"""Measures the language alone, in processor time: `python -m bench.language`.

How many four-term conditions one process evaluates in a second; how long 7,000 formulas and 10,000 rules take from
their texts (parsed and checked), and how long as they are kept with a release: from the bytes of the database to trees
that lists are made of, evaluators that are compiled at their first use, and the rules found by what happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.automation.program_builder import ProgramBuilder
from engine.automation.rule_index import RuleIndex
from engine.releases.collector import collector_paused
from engine.releases.kept_trees import RULES as RULES_PART
from engine.releases.kept_trees import KeptTrees, pack, part_of
from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from tests.support.dsl_corpus import sample_context, sample_scope
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.checker import CheckedExpression, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.keeping.writing import TreeWriter
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.typed import Typed

CONDITION = 'stage = "proposal" and urgent and quantity > 5 and region = "east"'
FORMULAS, RULES, EVALUATIONS = 7_000, 10_000, 300_000
A_PART, A_FILE, TURNS = 23, 100, 3
FUNCTIONS = standard_functions()


def main() -> None:
    """Print the figures, each the best of several turns."""
    evaluate, context = compile_expression(_typed(_checked(CONDITION, sample_metamodel()))).evaluate, sample_context()

    def evaluate_many() -> None:
        for _ in range(EVALUATIONS):
            evaluate(context)

    print(f"a condition of four terms: {EVALUATIONS / _best(evaluate_many):,.0f} a second")
    _formulas()
    _rules()


def _formulas() -> None:
    metamodel = sample_metamodel()
    checked = [_checked(text, metamodel) for text in _formula_texts()]
    evaluators = [compile_expression(_typed(each)) for each in checked]
    writer = TreeWriter(metamodel, FUNCTIONS)
    parts = [[(each.typed, each.reads) for each in checked[at : at + A_PART]] for at in range(0, FORMULAS, A_PART)]
    kept = KeptTrees({part_of(str(at)): pack(writer, part) for at, part in enumerate(parts)}, FUNCTIONS)

    def load() -> None:
        opened = [kept.open(part_of(str(at)), metamodel) or () for at in range(len(parts))]
        assert len([compile_expression(typed) for part in opened for typed, _ in part]) == FORMULAS

    first = _spent(lambda: [made.function for made in evaluators])
    print(f"{FORMULAS:,} formulas from their texts: {_best(lambda: _check_formulas(metamodel)):.2f} s")
    print(
        f"{FORMULAS:,} formulas as they are kept: {_best(load):.2f} s; each compiled in {first / FORMULAS * 1e6:.0f} µs"
    )


def _rules() -> None:
    metamodel = _with_rules()
    found: list[CheckedRule] = []

    def check() -> None:
        found[:] = check_all_rules(metamodel, FUNCTIONS).rules

    print(f"{RULES:,} rules from their texts: {_best(check):.2f} s")
    kept = KeptTrees({RULES_PART: pack(TreeWriter(metamodel, FUNCTIONS), found)}, FUNCTIONS)

    def load() -> None:
        builder = ProgramBuilder(metamodel)
        index = RuleIndex(builder.build(rule) for rule in kept.open(RULES_PART, metamodel) or ())
        assert len(index.programs) == RULES

    print(f"{RULES:,} rules as they are kept: {_best(load):.2f} s")


def _checked(text: str, metamodel: Metamodel) -> CheckedExpression:
    return check_text(LocatedText.plain(text), replace(sample_scope(functions=FUNCTIONS), metamodel=metamodel))


def _typed(checked: CheckedExpression) -> Typed:
    assert checked.typed is not None, list(checked.problems)
    return checked.typed


def _formula_texts() -> Iterable[str]:
    for number in range(FORMULAS):
        # Half of them across a lookup, as in real apps.
        path = "account.employees" if number % 2 else "quantity"
        yield f"if({path} > {number}, coalesce({path}, 0) * 2 + {number}, {path} - 1)"


def _check_formulas(metamodel: Metamodel) -> None:
    for text in _formula_texts():
        _checked(text, metamodel)


def _with_rules() -> Metamodel:
    texts = [
        f'rule r_{number} when deal is updated if quantity > {number} and stage = "won" then set score = {number}\n'
        for number in range(RULES)
    ]
    files = tuple(
        LocatedText.plain("".join(texts[start : start + A_FILE]), f"rules/from_{start}.rules")
        for start in range(0, RULES, A_FILE)
    )
    metamodel = sample_metamodel()
    return replace(metamodel, apps=(replace(metamodel.main, rule_files=files),))


def _best(work: Callable[[], object]) -> float:
    return min(_spent(work) for _ in range(TURNS))


def _spent(work: Callable[[], object]) -> float:
    with collector_paused():
        start = time.process_time()
        work()
        return time.process_time() - start


if __name__ == "__main__":
    main()
