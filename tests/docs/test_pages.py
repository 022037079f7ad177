"""The documentation is whole: its links lead somewhere, its decisions are in order, its words are those of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.sources import PACKAGES, REPOSITORY, files_of, name_of, tree_of

PAGES = [*sorted(REPOSITORY.glob("*.md")), *files_of("docs", "sample_apps", suffixes=(".md",))]
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"```.*?```", re.DOTALL)
DECISIONS = sorted((REPOSITORY / "docs" / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_to_a_file_that_exists(page: Path) -> None:
    targets = LINK.findall(CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    local = [target.split("#")[0] for target in targets if not re.match(r"#|mailto:|\w+://", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(len(DECISIONS))]
    index = (REPOSITORY / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DECISIONS if page.name not in index] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_every_decision_has_its_status_and_its_three_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]} ")
    assert re.search(r"^Status: (proposed|accepted|replaced by \d{4})", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Situation", "Decision", "Consequences"]


def test_every_class_that_the_glossary_names_exists() -> None:
    glossary = (REPOSITORY / "docs" / "glossary.md").read_text(encoding="utf-8")
    columns = [line.split("|")[3] for line in glossary.splitlines() if line.count("|") == 5]
    named = {name for column in columns for name in re.findall(r"`([A-Z]\w+)`", column)}
    classes = {
        node.name for path in files_of(*PACKAGES) for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)
    }
    assert len(named) > 10
    assert named - classes == set()


def test_the_readme_shows_the_two_commands_that_do_everything() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^make \w+", text, re.MULTILINE) == ["make demo", "make test"]


def test_every_make_target_named_in_the_documentation_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert named - targets == set()
