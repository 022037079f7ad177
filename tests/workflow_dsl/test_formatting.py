"""Formatting laws: formatting twice is formatting once, what is loaded stays the same, no comment is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metamodel.comparing import essence
from metamodel.folder import FileKind, file_kind
from metamodel.loader import load_sources
from metamodel.schema_set import SCHEMA_KINDS
from metamodel.schema_walk import SchemaWalk
from metamodel.source import LocatedText
from tests.support.metadata_corpus import MetadataCase, metadata_cases
from workflow_dsl.formatting.rules_text import format_rules
from workflow_dsl.formatting.yaml_text import format_yaml
from workflow_dsl.parser import parse_rules

ROOT = Path(__file__).resolve().parent.parent.parent
WALK = SchemaWalk()
APPS = [ROOT / "tests/corpus/metadata/whole_app/shop", *(p.parent for p in (ROOT / "sample_apps").glob("*/app.yaml"))]
RULES = sorted(ROOT.glob("**/*.rules"))
WORDS = st.sampled_from(
    ["rule a", "when lead is created", "if", "name = 'x'", "and", "amount>=10_000", "then", "set", "stage = \"won\"",
     "end",
     "amount >= 10 and name is not empty and (stage = \"won\" or stage = \"lost\") and amount < 100_000_000_000 or a",
     "notify owner \"{name}\"", "else", "# why", "# 当", "\n", "\n\n", "  ", "log \"a\"", "stop", "("]
)  # fmt: skip


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"#[^\n]*?(?=\s*(?:\n|$|  #))", text))


OURS = [p for p in RULES if ".venv" not in p.parts]
_OUTSIDE_TEXTS = re.compile(r"""("[^"\n]*"|'[^'\n]*')|#[^\n]*|\s+""")


def spaced(text: str, space: str) -> str:
    """Give rules without their comments, with the same space between all of their words."""
    words = _OUTSIDE_TEXTS.sub(lambda found: found[1] or " ", text)
    return _OUTSIDE_TEXTS.sub(lambda found: found[1] or space, words)


@pytest.mark.promise("RUL-27")
@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_rules_have_one_form_however_they_are_spaced(path: Path) -> None:
    text = path.read_text("utf-8")
    on_one_line, a_word_a_line = (spaced(text, space) for space in (" ", "\n"))
    assert on_one_line != a_word_a_line
    assert parse_rules(LocatedText.plain(a_word_a_line)).items == parse_rules(LocatedText.plain(text)).items
    assert format_rules(on_one_line) == format_rules(a_word_a_line)


@pytest.mark.promise("RUL-27")
@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_rules_files_keep_their_meaning_and_comments(path: Path) -> None:
    text = path.read_text("utf-8")
    once = format_rules(text)
    assert format_rules(once) == once
    assert parse_rules(LocatedText.plain(once)).items == parse_rules(LocatedText.plain(text)).items
    assert comments(once) == comments(text)


def test_comments_stay_at_the_word_they_stand_at() -> None:
    text = (
        "# head\n\nrule a\n when   lead is created # on it\n # only big ones\n if amount>=10 and (name is empty)\n"
        ' then set stage="won" # won\n\n# tail\n'
    )
    assert format_rules(text) == (
        "# head\n\nrule a\n  when lead is created  # on it\n  # only big ones\n  if amount >= 10 and name is empty\n"
        '  then\n    set stage = "won"  # won\n\n# tail\n'
    )


def test_empty_lines_between_comments_stay_and_conditions_too_long_for_a_line_break_at_their_words() -> None:
    text = (
        "# the file\n# its owner\n\n\n\n# of a\nrule a\n  when lead is created\n"
        "  if amount >= 10 and name is not empty\n    and (stage = 'qualified' or stage = 'won')\n"
        "    and account.industry in ['retail', 'banking'] # both\n  then\n    log 'a'\n"
        "# end of a\n\n# of b\nrule b when lead is created if amount >= 10\n and name is empty then create note\n"
        "  { text: 'Ask {name} how the start went and who of us', at: today + 1 day } unless owner is empty or a\n"
        "\n# t\n\n# u\n"
    )
    made = format_rules(text)
    assert made == (
        "# the file\n# its owner\n\n# of a\nrule a\n  when lead is created\n"
        '  if amount >= 10\n      and name is not empty\n      and (stage = "qualified" or stage = "won")\n'
        '      and account.industry in ["retail", "banking"]  # both\n  then\n    log "a"\n'
        "\n# end of a\n\n# of b\nrule b\n  when lead is created\n  if amount >= 10 and name is empty\n"
        '  then\n    create note { text: "Ask {name} how the start went and who of us", at: today + 1 day }\n'
        "        unless owner is empty or a\n\n# t\n\n# u\n"
    )
    assert format_rules(made) == made


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=25))
@example(["# why", "\n", "\n"])
@example(["\n", "  ", "\n", "# why"])
def test_any_rules_text_is_formatted_once(words: list[str]) -> None:
    text = " ".join(words)
    once = format_rules(text)
    assert format_rules(once) == once


@pytest.mark.parametrize("folder", APPS, ids=lambda path: path.name)
def test_a_formatted_app_is_the_same_app(folder: Path) -> None:
    texts = {f"{folder.name}/{p.relative_to(folder).as_posix()}": p for p in folder.rglob("*") if p.is_file()}
    before = {name: path.read_text("utf-8") for name, path in texts.items() if file_kind(name.split("/", 1)[1])}
    after = {name: formatted(name.split("/", 1)[1], text) for name, text in before.items()}
    assert after != before
    first, again = load_sources(before)[0], load_sources(after)[0]
    assert first is not None
    assert again is not None
    assert shape_of(again.objects) == shape_of(first.objects)
    assert essence(again.menus) == essence(first.menus)
    assert {name: formatted(name.split("/", 1)[1], text) for name, text in after.items()} == after


def shape_of(objects: object) -> object:
    """Give what objects are, spaces in their expressions aside."""
    return re.sub(r"[\s()]", "", repr(essence(objects)))


def formatted(path: str, text: str) -> str:
    kind = file_kind(path)
    if kind is FileKind.RULES:
        return format_rules(text)
    if kind is not None and kind.value in SCHEMA_KINDS and path.endswith(".yaml"):
        return format_yaml(text, kind.value, WALK)
    return text


@pytest.mark.parametrize("case", tuple(metadata_cases()), ids=lambda case: case.name)
def test_broken_files_are_formatted_once_too(case: MetadataCase) -> None:
    for path, text in case.files.items():
        if text is not None:
            once = formatted(path.removeprefix("/"), text)
            assert formatted(path.removeprefix("/"), once) == once


def test_expressions_and_spaces_of_yaml_are_brought_to_one_form() -> None:
    text = (
        "object:  deal   # ours\n\n\n\nfields:\n"
        "  stage: {type:choice , options: [ a,b ]}\n  a: { type: text,visible_if: 'stage=\"a\"  and (b>1)' }   \n"
        "  b: {type: integer, formula: 'if(x ,1,2)'}\n"
    )
    assert format_yaml(text.replace("type:choice ", "type: choice "), "object", WALK) == (
        "object:  deal   # ours\n\nfields:\n"
        "  stage: {type: choice, options: [a, b]}\n  a: {type: text, visible_if: 'stage = \"a\" and b > 1'}\n"
        "  b: {type: integer, formula: 'if(x, 1, 2)'}\n"
    )
    assert format_yaml("object: [", "object", WALK) == "object: ["
