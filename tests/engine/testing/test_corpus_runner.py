"""The corpus runner: it knows what plugins add, notices a case that does not hold, and refuses what is no case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from engine.testing.corpus import CorpusRunner, load_corpus
from engine.testing.sample_deals import CaseUnreadable
from plugins.manager import PluginManager
from tests.support.sources import REPOSITORY
from ui.cli import main

GOOD = """
    - {name: the domain of an address, expr: 'email_domain("a@acme.cn")', value: '"acme.cn"', memory: true}
    - {name: a number has no domain, expr: email_domain(quantity), problem: {code: EXP302, at: 14}}
    - {name: an amount, expr: amount * 2, value: 100000 CNY}
    - name: a rule uses it
      rules: |
        rule r before deal is saved then set note = email_domain("a@acme.cn")
      do:
        - create: [deal, d, {name: A}]
      records: {deal: [{note: acme.cn}]}
    - name: an app with a field type of a plugin
      files:
        objects/bank.yaml: |
          object: bank
          fields:
            number: {type: iban}
      problems: []
    """
BAD = """
    - {name: another domain, expr: 'email_domain("a@acme.cn")', value: '"acme.com"', memory: true}
    - {name: no mistake, expr: amount * 2, problem: {code: EXP301, at: 1}}
    - {name: another place, expr: ammount * 2, problem: {code: EXP201, at: 2}}
    - {name: no error, expr: amount, error: too long}
    - {name: another value, expr: quantity + 1, value: "9"}
    - name: a rule does something else
      rules: |
        rule r before deal is saved then set note = "x"
      do:
        - create: [deal, d, {name: A}]
      records: {deal: [{note: y}]}
    - name: a save goes through
      rules: |
        rule r before deal is saved then set note = "x"
      do:
        - create: [deal, d, {name: A}]
          refused: {name: No.}
    - name: a rule that is none
      rules: rule r befor deal is saved then set note = "x"
      do: []
    - {name: nothing is wrong, files: {}, problems: ["demo/app.yaml:1:1 APP201 something"]}
    - name: something else is wrong
      files: {rules/a.rules: 'rule r when dael is created then set name = "x"'}
      problems: []
    """


def corpus(folder: Path, text: str) -> Path:
    (folder / "corpus").mkdir()
    (folder / "corpus" / "mine.yaml").write_text(dedent(text), encoding="utf-8")
    return folder / "corpus"


@pytest.fixture
def runner(tmp_path: Path, database_url: str) -> Iterator[CorpusRunner]:
    plugins = PluginManager.load(environment={})
    with CorpusRunner(folder=tmp_path / "work", plugins=plugins, databases={"database": database_url}) as opened:
        yield opened


@pytest.mark.promise("DEV-03")
def test_cases_may_use_what_plugins_add(tmp_path: Path, runner: CorpusRunner) -> None:
    assert [str(failed) for failed in runner.run(load_corpus(corpus(tmp_path, GOOD)))] == []


@pytest.mark.promise("DEV-03")
def test_every_case_that_does_not_hold_is_told_with_what_is_otherwise(tmp_path: Path, runner: CorpusRunner) -> None:
    failed = list(runner.run(load_corpus(corpus(tmp_path, BAD))))
    told = {(each.case.name, each.back_end): "; ".join(each.faults) for each in failed}
    for (name, back_end), part in {
        ("another domain", "memory"): "wanted 'acme.com', got 'acme.cn'",
        ("no mistake", "memory"): "wanted EXP301 at column 1, got no problem",
        ("another place", "memory"): 'wanted EXP201 at column 2, got ["<expression>:1:1 EXP201',
        ("no error", "memory"): "wanted the error 'too long', got Money(",
        ("no error", "database"): "wanted the error 'too long' or an empty, got Money(",
        ("another value", "memory"): "wanted 9, got 8",
        ("another value", "database"): "wanted 9, got",
        ("a rule does something else", "database"): "deal: wanted [{'note': 'y'}], got [{'note': 'x'}]",
        ("a save goes through", "database"): "create d: wanted the refusal {'name': 'No.'}, it went through",
        ("a rule that is none", "database"): "RUL10",
        ("nothing is wrong", "memory"): "not told: demo/app.yaml:1:1 APP201 something",
        ("something else is wrong", "memory"): "told besides: demo/rules/a.rules:1:13 RUL",
    }.items():
        assert part in told.pop((name, back_end))
    assert told == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b", "holds no list of cases"),
        ("- expr: 1", "case 1: a case is a mapping with a name"),
        ("- {name: a, expr: '1', value: '1'}\n- {name: a, expr: '1', value: '1'}", "case 2: the name 'a' stands twice"),
        ("- {name: a, exp: '1'}", "'a': a case has one of expr, rules, files"),
        ("- {name: a, expr: '1'}", "exactly one of value, problem, error"),
        ("- {name: a, expr: '1', value: '1', vaule: 2}", "'vaule' is no key of a case of an expression"),
        ("- {name: a, rules: ''}", "needs `do`"),
        ("- {name: a, rules: '', do: [], record: 1}", "'record' is no key of a case of rules"),
        ("- {name: a, files: {}}", "has name, files and problems"),
        ("- [", "cannot be read"),
    ],
)
def test_what_is_no_case_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CaseUnreadable, match=r"mine\.yaml") as refused:
        load_corpus(corpus(tmp_path, text))
    assert said in str(refused.value)


@pytest.mark.promise("DEV-03")
def test_the_command_runs_a_folder_and_tells_of_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIELDSTONE_DATA_FOLDER", str(tmp_path / "data"))
    folder = corpus(tmp_path, "- {name: a sum, expr: 1 + 1, value: '2'}\n- {name: a slip, expr: 1 + 1, value: '3'}")
    done = CliRunner().invoke(main, ["corpus", str(folder)])
    assert done.exit_code == 1, done.output
    assert "mine: a slip (memory): wanted 3, got 2" in done.output
    assert "mine: a slip (sqlite)" in done.output
    assert "2 cases, 2 failures" in done.output
    both = "- {name: no value, expr: 1 + 1, value: close_day}\n- {name: a sum, expr: 1 + 1, value: '3'}"
    (folder / "mine.yaml").write_text(both)
    done = CliRunner().invoke(main, ["corpus", str(folder)])
    assert done.exit_code == 1, done.output
    assert "mine: no value (memory): 'close_day' is no value" in done.output
    assert "mine: a sum (memory): wanted 3, got 2" in done.output
    (folder / "mine.yaml").write_text("- {name: a sum, expr: 1 + 1, value: '2'}")
    done = CliRunner().invoke(main, ["corpus", str(folder), "--json"])
    assert (done.exit_code, '"cases": 1' in done.output) == (0, True), done.output


@pytest.mark.promise("DEV-03")
def test_the_corpus_of_this_project_is_one_that_the_runner_reads_whole() -> None:
    cases = load_corpus(REPOSITORY / "tests" / "corpus")
    kinds = {type(case).__name__ for case in cases}
    assert kinds == {"ExpressionCase", "RuleCase", "AppCase"}
    assert len(cases) > 700


@pytest.mark.promise("DEV-03")
def test_mistakes_in_rules_and_expressions_of_an_app_are_told_with_their_place(tmp_path: Path) -> None:
    folder = REPOSITORY / "tests" / "corpus" / "checked"
    with CorpusRunner(folder=tmp_path, plugins=PluginManager.load(environment={})) as runner:
        assert [str(failed) for failed in runner.run(load_corpus(folder))] == []
