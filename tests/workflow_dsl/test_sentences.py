"""Rules as sentences: those of the sample apps stand in the corpus, and every form of the grammar has words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from engine.platform import check_app_folders
from engine.plugin_language import functions_with
from engine.testing.sample_model import sample_metamodel
from metamodel.source import LocatedText
from plugins.manager import PluginManager
from tests.support.sources import REPOSITORY
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_all_rules
from workflow_dsl.sentences import rule_sentence, sentence_of, trigger_sentence
from workflow_dsl.syntax import Rule

CORPUS = REPOSITORY / "tests" / "corpus"
SENTENCES = Path(__file__).with_name("sentences")
APPS = sorted(folder.parent for folder in (REPOSITORY / "sample_apps").glob("*/app.yaml"))


def said(text: str, language: str = "en") -> str:
    return sentence_of(text, sample_metamodel(), language)


@pytest.mark.promise("RUL-28")
@pytest.mark.parametrize("app", APPS, ids=lambda app: str(app.name))
def test_the_sentences_of_a_sample_app_are_those_of_the_corpus(app: Path) -> None:
    plugins = PluginManager.load()
    metamodel = check_app_folders([app], plugins).metamodel
    assert metamodel is not None
    rules = check_all_rules(metamodel, functions_with(plugins), plugins.action_names, plugins.event_names).rules
    found = [
        {"rule": rule.key, **{language: sentence_of(rule.text, metamodel, language) for language in ("en", "zh")}}
        for rule in rules
    ]
    stored = yaml.safe_load((SENTENCES / f"{app.name}.yaml").read_text("utf-8"))
    assert found == stored
    assert found


@pytest.mark.parametrize("file", ["every_form.rules", "examples.rules"])
def test_every_form_of_the_grammar_has_words_in_both_languages(file: str) -> None:
    parsed = parse_rules(LocatedText.plain((CORPUS / "rules" / file).read_text("utf-8")))
    rules = [item for item in parsed.items if isinstance(item, Rule)]
    assert len(rules) > 5
    for rule in rules:
        english = rule_sentence(rule, sample_metamodel(), "en")
        chinese = rule_sentence(rule, sample_metamodel(), "zh")
        assert english.endswith(".")
        assert english[:1].isupper()
        assert chinese.endswith("。")
        assert re.search(r"[一-鿿]", chinese)
        assert "{}" not in english + chinese


def test_names_and_options_have_the_labels_of_what_they_name() -> None:
    rule = 'rule r when deal.stage changes from "qualify" to "won" if account.tier = "gold" and not urgent then stop'
    assert said(rule) == (
        "When the Stage of a Deal changes from “Qualify” to “Won”, if Account’s Tier is “Gold” and Urgent is not true, "
        "then stop."
    )
    assert said(rule, "zh") == "Deal的Stage由“Qualify”变为“Won”后，如果Account的Tier为“Gold”且Urgent不为是，则结束。"


def test_mixed_and_and_or_stand_in_brackets_and_braces_in_texts_are_kept() -> None:
    rule = 'rule r before deal is saved if (urgent or score > 3) and note is empty then reject note "{{no}} {name}"'
    assert said(rule) == (
        "Before a Deal is saved, if (Urgent is true or Score is more than 3) and Note is empty, "
        "then refuse at Note: “{no} [Name]”."
    )


def test_what_is_no_rule_has_no_sentence() -> None:
    assert said("rule r when") == ""
    assert said("") == ""


def test_a_trigger_alone_reads_back_and_what_is_none_is_left() -> None:
    model = sample_metamodel()
    rules = [rule for file in ("every_form.rules", "examples.rules") for rule in _rules_of(file)]
    assert len(rules) > 10
    for text, is_before, wanted in (
        ("every day at 09:00", False, "每天09:00"),
        ("every day at 09:00", True, "每天09:00"),
        ("button nothing on nowhere is pressed", False, None),
        ("", False, ""),
        ("run rule other", False, ""),
        ('x then log "y" rule z', False, ""),
        ("商机", False, ""),
    ):
        said = trigger_sentence(text, model, "zh", is_before=is_before)
        assert said == wanted if wanted is not None else said.endswith("后"), text
    assert trigger_sentence("account is saved", model, "zh", is_before=True).endswith("之前")
    assert trigger_sentence("account is saved", model, "en") == "when an Account is saved"


def _rules_of(file: str) -> list[Rule]:
    parsed = parse_rules(LocatedText.plain((CORPUS / "rules" / file).read_text("utf-8")))
    return [item for item in parsed.items if isinstance(item, Rule)]
