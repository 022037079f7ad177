"""The list of problem codes in the documentation is the list in the code, and each code is shown by a test."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.metadata_corpus import metadata_cases

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = re.compile(r"\b(?:APP|OBJ)[0-9]{3}\b")


def codes_in_code() -> set[str]:
    texts = (path.read_text("utf-8") for path in (ROOT / "metamodel").rglob("*.py"))
    return {code for text in texts for code in re.findall(r'"((?:APP|OBJ)[0-9]{3})"', text)}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    page = (ROOT / "docs" / "errors_metamodel.md").read_text("utf-8")
    listed = re.findall(r"^\| ((?:APP|OBJ)[0-9]{3}) \|", page, re.MULTILINE)
    assert sorted(listed) == listed
    assert len(set(listed)) == len(listed)
    assert set(listed) == codes_in_code()


def test_every_code_is_shown_by_the_corpus_or_a_test() -> None:
    corpus = {code for case in metadata_cases() for line in case.problems for code in CODE.findall(line)}
    tests = {
        code
        for path in (ROOT / "tests" / "metamodel").glob("test_*.py")
        for code in CODE.findall(path.read_text("utf-8"))
    }
    assert codes_in_code() - corpus - tests == set()
