"""Checked trees as plain data: what is read back is what was written, and data that is none is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.testing.corpus import load_corpus
from engine.testing.rule_cases import RuleCase
from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from tests.support.dsl_corpus import load_cases, sample_context, sample_scope
from tests.support.dsl_model import sample_metamodel
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.keeping.forms import NotKeepable, forms
from workflow_dsl.keeping.reading import TreeReader
from workflow_dsl.keeping.writing import TreeWriter
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.scope import Scope
from workflow_dsl.standard_functions import standard_functions
from workflow_dsl.typed import Constant, Typed

RULES = Path(__file__).resolve().parents[1] / "corpus" / "rules"
METAMODEL = sample_metamodel()
FUNCTIONS = standard_functions()


def _scope(**options: Any) -> Scope:
    return replace(sample_scope(functions=FUNCTIONS, **options), metamodel=METAMODEL)


def _kept(trees: list[Any], metamodel: Metamodel = METAMODEL) -> tuple[list[Any], list[Any]]:
    """Write trees and take them through the text they are kept as."""
    kept = TreeWriter(metamodel, FUNCTIONS).write(trees)
    shared, values = json.loads(json.dumps([kept.shared, kept.values]))
    return shared, values


def _back(trees: list[Any], metamodel: Metamodel = METAMODEL) -> list[Any]:
    return list(TreeReader(metamodel, FUNCTIONS).read(*_kept(trees, metamodel)))


def _value(typed: Typed, case: Any) -> object:
    try:
        return compile_expression(typed).evaluate(sample_context(case.record, case.old, is_new=case.is_new))
    except EvaluationError as error:
        return str(error)


def test_every_expression_of_the_corpus_is_read_back_as_it_was_with_its_places_and_its_value() -> None:
    checked = [(case, check_text(LocatedText.plain(case.expr), _scope(**case.scope))) for case in load_cases()]
    sound = [(case, each) for case, each in checked if each.typed is not None]
    assert len(sound) > 400
    found = _back([(each.typed, each.reads) for _, each in sound])
    for (case, each), (typed, reads) in zip(sound, found, strict=True):
        assert (typed, reads) == (each.typed, each.reads), case.expr
        assert each.typed is not None
        assert typed.at == each.typed.at
        assert _value(typed, case) == _value(each.typed, case), case.expr


def test_fields_and_functions_are_those_of_the_release_and_no_copies() -> None:
    (typed,) = _back([check_text(LocatedText.plain("upper(name)"), _scope()).typed])
    assert typed.args[0].field is METAMODEL.objects["deal"].fields["name"]
    assert typed.function is FUNCTIONS.find("upper")


def test_every_rule_of_the_corpus_is_read_back_as_it_was() -> None:
    texts = [(RULES / "every_form.rules").read_text("utf-8")]
    texts += [case.rules for case in load_corpus(RULES) if isinstance(case, RuleCase)]
    count = 0
    for text in texts:
        app = replace(METAMODEL.main, rule_files=(LocatedText.plain(text, "rules/all.rules"),))
        metamodel = replace(METAMODEL, apps=(app,))
        rules = check_all_rules(metamodel, FUNCTIONS).rules
        found = _back(list(rules), metamodel)
        assert found == list(rules)
        assert [rule.at for rule in found] == [rule.at for rule in rules]
        count += len(rules)
    assert count >= 20


def test_a_tree_that_holds_what_has_no_form_is_not_kept() -> None:
    typed = check_text(LocatedText.plain("1"), _scope()).typed
    assert isinstance(typed, Constant)
    with pytest.raises(NotKeepable, match="Path"):
        TreeWriter(METAMODEL, FUNCTIONS).write([replace(typed, value=Path("x"))])


def test_data_names_no_class_and_no_code_and_what_stands_for_nothing_is_refused() -> None:
    texts = (
        "if(quantity > 3, name, 'x')",
        "account.employees + 1",
        "upper(name)",
        "today - 3 days",
    )
    shared, values = _kept([check_text(LocatedText.plain(text), _scope()).typed for text in texts])
    written = json.dumps([shared, values])
    assert not [kind.__name__ for kind in forms().nodes if f'"{kind.__name__}"' in written]
    maker = random.Random(7)
    refused = 0
    for _ in range(3_000):
        changed = json.loads(written)
        holder: Any = changed
        while isinstance(holder, list) and holder:
            place = maker.randrange(len(holder))
            if not isinstance(holder[place], list) or maker.random() < 0.2:
                holder[place] = maker.choice([999, -1, "os.system", None, [], [999], [5, 6, 7], {}, 2**70])
                break
            holder = holder[place]
        try:
            list(TreeReader(METAMODEL, FUNCTIONS).read(*changed))
        except NotKeepable:
            refused += 1
    assert refused > 500
