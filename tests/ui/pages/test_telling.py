"""What the engine and the language say to people has its Chinese, whatever it is about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from babel.messages.pofile import read_po
from flask import Flask, g
from flask_babel import Babel

from engine.process_memory import NEEDS_MORE
from metamodel.source import LocatedText, Problem
from tests.support.dsl_corpus import load_cases, sample_scope
from tests.ui.pages.workshop import Site
from ui.pages.run_words import mode_label
from ui.pages.trigger_words import trigger_text
from ui.phrases import FINDINGS, PARTS
from ui.refusal_phrases import REFUSALS
from ui.telling import tell, tell_part, tell_problem
from workflow_dsl.checker import check_text

HAN = re.compile(r"[\u4e00-\u9fff]")
BLANK = re.compile(r"\{([a-z]+)\}")
ENGLISH = re.compile(r"\b(?:are|the|with|can't|takes|an)\b")
# What the checker's modules say in texts that no person reads: words joined into sentences, keys, labels of reads.
SILENT = re.compile(
    r"list \{|sorted by$|is (not )?(changed|empty)$|\{.*\}$|^'it' it$|^it .it.$|parses after all|^a path ends in"
)


@pytest.fixture(scope="module")
def chinese() -> Iterator[None]:
    app = Flask("tests", root_path=str(Path("ui").resolve()))
    Babel(app, locale_selector=lambda: "zh_Hans_CN")
    with app.test_request_context():
        g.release = object()
        yield


def test_every_finding_of_the_corpus_is_said_in_chinese(chinese: None) -> None:
    found: dict[str, Problem] = {}
    for case in load_cases():
        for problem in check_text(LocatedText.plain(case.expr), sample_scope(**case.scope)).problems:
            found.setdefault(f"{problem.code} {problem.sentence}", problem)
    assert len(found) > 80
    said = {sentence: tell_problem(problem) for sentence, problem in found.items()}
    assert {sentence: words for sentence, words in said.items() if _is_english(words)} == {}


def test_every_sentence_in_the_sources_is_said_in_chinese(chinese: None) -> None:
    texts = {text: place for place, text in _sentences()}
    assert len(texts) > 100
    assert {
        place: text for text, place in texts.items() if not HAN.search(tell(text)) and not HAN.search(tell_part(text))
    } == {}


@pytest.mark.parametrize(
    "english",
    [
        f"This step needed {NEEDS_MORE}.",
        f"The action send_email needed {NEEDS_MORE}.",
        "webhook 'erp' answered 500: nope",
        "there is no webhook 'erp' to be received",
        "write connections/erp.yaml with kind: webhook_in",
        "no plugin tells of the event 'ring'",
        "'show' answers the person who pressed a button, and no button starts this rule",
        "tell people with 'notify'",
        "'amount' is asked for twice",
        "a button can't ask for 'colour'",
        "there are text, date, and every object",
        "the button 'send' asks for something else in the rule 'other'",
        "rules of one button ask for the same",
    ],
)
def test_what_ends_a_run_and_what_is_wrong_about_calls_is_said_in_chinese(chinese: None, english: str) -> None:
    assert not _is_english(tell(english)), tell(english)


def test_what_calls_of_the_api_are_refused_with_is_said_in_chinese(chinese: None) -> None:
    found = {text: place for place, text in _refusals_of_calls()}
    assert len(found) > 60
    assert {place: text for text, place in found.items() if not HAN.search(tell(text))} == {}


def test_the_chinese_has_the_blanks_of_the_english() -> None:
    with Path("ui/translations/zh/LC_MESSAGES/messages.po").open("rb") as file:
        known = {str(each.id): str(each.string) for each in read_po(file, locale="zh")}
    assert [
        text
        for text in (*FINDINGS, *REFUSALS, *PARTS)
        if sorted(BLANK.findall(text)) != sorted(BLANK.findall(known[text]))
    ] == []


def test_what_is_quoted_stays_as_it_was_typed(chinese: None) -> None:
    assert tell("'a date' is not a field of deal") == "“a date”不是deal的字段"
    assert tell("nothing that anybody says") == "nothing that anybody says"


def test_what_quotes_very_much_is_not_searched_for_sentences(chinese: None) -> None:
    # Three blanks over a text full of what stands between them: patterns would try each cut of it.
    name = " gives a here and" * 600
    assert tell(f"'{name}' is not a field of deal") == f"'{name}' is not a field of deal"
    assert tell(f"'{name[:900]}' is not a field of deal") == f"“{name[:900]}”不是deal的字段"


def test_a_wrong_filter_is_explained_in_the_language_of_the_page(site: Site) -> None:
    client = site.client("ann")
    address = f"/o/firm?filter={quote_plus('nme = 1')}"
    english = client.get(address).get_data(as_text=True)
    client.set_cookie("fieldstone_language", "zh")
    chinese = client.get(address).get_data(as_text=True)
    client.delete_cookie("fieldstone_language")
    assert "is not a field of" in english
    assert "did you mean" in english
    assert "is not a field of" not in chinese
    assert "您是不是要写“name”？" in chinese


def test_what_started_a_run_and_how_runs_meet_is_said_in_chinese(site: Site) -> None:
    with site.served.app.test_request_context():
        site.served.app.preprocess_request()
        g.language = "zh"
        assert trigger_text("approval discount: on approve") == "Discount：同意时"
        assert trigger_text("published: user logs in").startswith("发布时：")
        assert "user" not in trigger_text("published: user logs in")
        assert all(HAN.search(mode_label(each)) for each in ("queued", "single", "restart", "parallel"))


def _is_english(words: str) -> bool:
    bare = re.sub(r"“[^”]*”|`[^`]*`|'[^']*'", "", words)
    return not HAN.search(bare) or ENGLISH.search(bare) is not None


def _sentences() -> Iterator[tuple[str, str]]:
    """Give the texts of the modules that find fault, each blank filled in with a word."""
    for folder in (
        "workflow_dsl/checking",
        "workflow_dsl/parsing",
        "workflow_dsl",
        "engine/records",
        "engine/expressions/sql",
    ):
        for path in sorted(Path(folder).glob("*.py")):
            if "rule" not in path.name and path.name not in _QUIET:
                yield from _texts(path, ast.parse(path.read_text("utf-8")))


_QUIET = {"tables.py", "grammar.py", "build_triggers.py", "build_actions.py"}
_TELLERS = {
    "refuse",
    "warn",
    "problem",
    "report",
    "NotInSql",
    "NotComputable",
    "EvaluationError",
    "Mistake",
    "_problem",
}


def _texts(path: Path, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called in _TELLERS:
            for given in (*call.args, *(each.value for each in call.keywords)):
                text = _filled(given)
                if text is not None and " " in text and not SILENT.search(text):
                    yield f"{path}:{given.lineno}", text


def _filled(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "it" for part in node.values)


def _refusals_of_calls() -> Iterator[tuple[str, str]]:
    for path in sorted(Path("ui/api").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                told = _filled(node.args[-1]) if node.func.id in ("ApiProblem", "_bad", "_refuse") else None
                # What is put together of other sentences is told by these.
                if told is not None and not re.search(r"[;:] it$|is it\.$|^it\.$", told):
                    yield f"{path}:{node.lineno}", told
