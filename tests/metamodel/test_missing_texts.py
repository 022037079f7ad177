"""Texts that lack a language of their app: which are told, where, and that they are warnings."""

from __future__ import annotations

from metamodel import load_sources
from metamodel.missing_texts import language_of, missing_texts
from metamodel.source import Problem, Severity
from tests.support.metadata_corpus import demo_sources, line_of

APP = "app: demo\nversion: 1.0.0\nlabel: {en: Demo, zh: 示例}\nlanguages: [en, zh]\n"
DEAL = """object: deal
label: {en: Deal, zh: 商机}
fields:
  name: {type: text, label: {en: Name, zh: 名称}}
  stage: {type: choice, label: Stage, options: {open: {label: {en: Open, zh: 进行中}}}}
  worth: {type: money}
"""


def missing(files: dict[str, str]) -> list[Problem]:
    loaded, problems = load_sources(demo_sources(files))
    assert loaded is not None
    assert not problems
    return list(missing_texts(loaded))


def test_a_text_without_a_language_of_its_app_is_a_warning_at_its_place() -> None:
    found = missing({"app.yaml": APP, "objects/deal.yaml": DEAL})
    assert [line_of(problem) for problem in found] == [
        "demo/objects/deal.yaml:5:32 APP462 warning: the field 'deal.stage' has no text in 'zh'",
        "demo/objects/deal.yaml:6:3 APP462 warning: the field 'deal.worth' has no text in 'en'",
        "demo/objects/deal.yaml:6:3 APP462 warning: the field 'deal.worth' has no text in 'zh'",
    ]
    assert {problem.severity for problem in found} == {Severity.WARNING}
    assert [language_of(problem) for problem in found] == ["zh", "en", "zh"]


def test_a_file_of_translations_gives_the_missing_text() -> None:
    texts = "objects: {deal: {fields: {stage: 阶段}}}\n"
    found = missing({"app.yaml": APP, "objects/deal.yaml": DEAL, "translations/zh.yaml": texts})
    assert [problem.message for problem in found] == [
        "the field 'deal.worth' has no text in 'en'",
        "the field 'deal.worth' has no text in 'zh'",
    ]
