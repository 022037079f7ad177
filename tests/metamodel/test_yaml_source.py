"""YAML files are read with the place of every value, by YAML 1.2 rules, within limits; attacks are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Scalar, Sequence, SourceText
from metamodel.yaml_source import MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES, read_yaml
from tests.support.metadata_corpus import demo_sources, told


def read(text: str) -> tuple[Node | None, list[str]]:
    problems = Problems()
    node = read_yaml(SourceText("a.yaml", text), problems)
    return node, [str(problem) for problem in problems]


def value_of(text: str) -> object:
    node, problems = read(f"key: {text}\n")
    assert problems == []
    assert isinstance(node, Mapping)
    return node.entries[0].value.plain


@pytest.mark.parametrize(
    "text", ["no", "on", "off", "yes", "NO", "y", "12:30", "1:30", "2026-11-21", "0b1", "1_000", ".inf", ".nan"]
)
def test_what_yaml_1_1_turned_into_something_else_is_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("12", 12), ("-3", -3), ("012", 12), ("0o17", 15), ("0x1F", 31),
        ("1e3", Decimal("1E+3")), ("1.50", Decimal("1.50")), (".5", Decimal("0.5")), ("-0.1", Decimal("-0.1")),
        ("'true'", "true"), ('"12"', "12"), ("! 12", "12"),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema_and_numbers_are_exact(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_an_alias_stands_for_its_anchor() -> None:
    node, problems = read("base: &b {a: 1}\ncopy: *b\n")
    assert problems == []
    assert node is not None
    assert node.plain == {"base": {"a": 1}, "copy": {"a": 1}}


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    node, problems = read("\n".join(lines))
    assert node is None
    assert problems == [
        f"a.yaml:6:10 APP106 this file holds more than {MAX_NODES:,} values, those that aliases stand for included"
    ]


def test_a_file_beyond_the_limit_of_bytes_is_refused_with_the_limit() -> None:
    _, problems = read("key: " + "x" * MAX_FILE_BYTES)
    assert problems == ["a.yaml:1:1 APP106 this file has 1,000,005 bytes; at most 1,000,000 are allowed"]


def test_bytes_are_counted_not_characters() -> None:
    assert read("key: " + "商" * 400_000)[1] != []


@pytest.mark.parametrize(("opening", "place"), [("[", 53), ("{a: ", 200)])
def test_nesting_beyond_the_limit_is_refused_without_reading_on(opening: str, place: int) -> None:
    _, problems = read("k: " + opening * 5_000)
    assert problems == [f"a.yaml:1:{place} APP106 this is nested deeper than {MAX_DEPTH} levels"]


def test_deep_block_nesting_is_refused() -> None:
    text = "".join(" " * level + f"k{level}:\n" for level in range(200))
    assert "APP106" in read(text)[1][0]


def test_too_many_values_are_refused() -> None:
    _, problems = read("k: [" + "x," * (MAX_NODES + 5) + "]")
    assert "APP106" in problems[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3:1 APP103 'a' is written twice in one mapping; it stands in line 1 already"),
        ("a: {b: 1, 'b': 2}\n", "a.yaml:1:11 APP103 'b' is written twice in one mapping; it stands in line 1 already"),
        ("a: b\x00c\n", "a.yaml:1:5 APP102 the character U+0000 is not allowed here; remove it"),
        ("a: x\nb: \u2028\n", "a.yaml:2:4 APP102 the character U+2028 is not allowed here; remove it"),
        ("a: !!float 1\n", "a.yaml:1:4 APP104 the tag '!!float' is not known; files here have no tags"),
        ("a: !secret x\n", "a.yaml:1:4 APP104 the tag '!secret' is not known; files here have no tags"),
        ("a: !!set {x, y}\n", "a.yaml:1:4 APP104 the tag '!!set' is not known; files here have no tags"),
    ],
)
def test_what_may_not_stand_in_a_file_is_told_with_its_place(text: str, problem: str) -> None:
    assert read(text)[1] == [problem]


def test_a_merge_key_is_an_ordinary_key() -> None:
    node, _ = read("base: &b {a: 1}\nmore:\n  <<: *b\n")
    assert node is not None
    assert node.plain == {"base": {"a": 1}, "more": {"<<": {"a": 1}}}


@given(st.text(max_size=200))
def test_any_text_gives_a_tree_or_problems_with_a_place(text: str) -> None:
    problems = Problems()
    read_yaml(SourceText("a.yaml", text), problems)
    for problem in problems:
        assert problem.at.line >= 1
        assert problem.at.column >= 1


STYLED = """\
plain: stage = "won" and amount
   > 100
single: 'it''s  "so"
  and so'
double: "tab\\t and \\u5546 and \\
  joined
  on"
literal: |
    first line
      indented

    last line
folded: >-
    one
    two

    three
      kept
    four
indented: |2
    two more
list: [a, 'b c', "d\\"e"]
"""


def scalars_of(node: Node | None) -> list[Scalar]:
    if isinstance(node, Mapping):
        return [s for entry in node.entries for s in (entry.key, *scalars_of(entry.value))]
    if isinstance(node, Sequence):
        return [s for item in node.items for s in scalars_of(item)]
    return [node] if isinstance(node, Scalar) else []


def test_every_character_of_every_style_has_its_place() -> None:
    node, problems = read(STYLED)
    assert problems == []
    assert misplaced(STYLED, node) == []


def misplaced(text: str, node: Node | None) -> list[tuple[str, int]]:
    """Give the characters whose place in the file holds another character; escapes and folded breaks aside."""
    lines = text.split("\n")
    wrong = []
    for scalar in scalars_of(node):
        located = scalar.located
        for offset, character in enumerate(located.text):
            at = located.locate(offset)
            found = lines[at.line - 1][at.column - 1 : at.column]
            is_folded = character in " \n" and found.strip() == ""
            if found != character and not is_folded and found not in ("\\", "'"):
                wrong.append((scalar.text, offset))
    return wrong


words = st.text(alphabet=st.sampled_from("ab>= \"'商\\#:-"), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=5), st.sampled_from(["plain", "single", "double", "literal", "folded"]))
def test_places_hold_in_generated_scalars_of_every_style(parts: list[str], style: str) -> None:
    body = "\n".join(f"    {part.strip() or 'x'}" for part in parts)
    text = {
        "plain": f"key:\n{body}\n",
        "single": "key: '" + body.strip().replace("'", "''") + "'\n",
        "double": 'key: "' + body.strip().replace("\\", "\\\\").replace('"', '\\"') + '"\n',
        "literal": f"key: |\n{body}\n",
        "folded": f"key: >\n{body}\n",
    }[style]
    node, problems = read(text)
    if not problems:
        assert misplaced(text, node) == []


def test_a_part_of_a_located_text_keeps_its_places() -> None:
    node, _ = read(STYLED)
    assert isinstance(node, Mapping)
    double = node.get("double")
    assert isinstance(double, Scalar)
    located = double.located
    start = located.text.index("商")
    part = located.part(start, len(located.text))
    assert [str(part.locate(n)) for n in range(len(part.text))] == [
        str(located.locate(start + n)) for n in range(len(part.text))
    ]


@pytest.mark.promise("APP-06")
def test_what_is_ambiguous_or_hostile_in_yaml_is_refused_with_its_place_or_limit() -> None:
    deal = "object: deal\nfields:\n  name: {type: text}\n"
    bomb = "\n".join([f"a{n}: &a{n} [{', '.join(['x' if n == 0 else f'*a{n - 1}'] * 9)}]" for n in range(12)])
    refused = {
        "label: A\nlabel: B\n": ("demo/objects/deal.yaml:5:1 APP103", "'label'"),
        "labl: A\n": ("demo/objects/deal.yaml:4:1 APP201", "did you mean 'label'?"),
        "label: !!python/name:os.system x\n": ("demo/objects/deal.yaml:4:8 APP104", "'!!python/name:os.system'"),
        bomb: ("demo/objects/deal.yaml:9:10 APP106", "100,000"),
        "help: " + "x" * MAX_FILE_BYTES: ("demo/objects/deal.yaml:1:1 APP106", "1,000,000"),
        "help: " + "[" * 60: ("demo/objects/deal.yaml:4:56 APP106", "50"),
        "search: [" + "x," * MAX_NODES + "]": ("demo/objects/deal.yaml:4:", "100,000"),
    }
    for text, (place, word) in refused.items():
        first = told(demo_sources({"objects/deal.yaml": deal + text}))[0]
        assert first.startswith(place)
        assert word in first
    assert [value_of(text) for text in ("no", "on", "12:30")] == ["no", "on", "12:30"]
