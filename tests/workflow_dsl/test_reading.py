"""The loop that reads texts gives the tree that Lark gives, place by place, and refuses what Lark refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token, Tree, UnexpectedInput

from tests.support.dsl_corpus import CORPUS as DSL
from tests.support.fuzzing import kept_seeds
from tests.support.sources import REPOSITORY
from workflow_dsl.parsing.grammar import Start, grammar
from workflow_dsl.parsing.reading import Node, accepted, read

CORPUS = REPOSITORY / "tests" / "corpus"
SAMPLE_APPS = REPOSITORY / "sample_apps"
WORDS = (
    "a b_1 parent.name 12 3.5 10% 100 CNY 3 days 2024-01-02 and or not in is empty ( ) [ ] , + - * / & = != < contains"
)


def quoted(text: str) -> list[str]:
    """Give what might be expressions: the lines of a file, and what follows the first colon of each."""
    lines = [line.strip() for line in text.splitlines()]
    return [*lines, *(line.partition(": ")[2].strip("'\"") for line in lines)]


def by_lark(text: str, start: Start) -> Tree[Token] | None:
    try:
        return grammar().parse(text, start=start)
    except UnexpectedInput:
        return None


def shape_of_lark(tree: Tree[Token] | Token | None) -> object:
    if not isinstance(tree, Tree):
        return None if tree is None else (tree.type, str(tree), tree.start_pos, tree.end_pos)
    children = [shape_of_lark(child) for child in tree.children]
    place = getattr(tree.meta, "start_pos", 0), getattr(tree.meta, "end_pos", 0)
    return (str(tree.data), *place, children)


def shape(node: Node | Token | None, *, pattern: bool = False) -> object:
    if not isinstance(node, Node):
        return None if node is None else (node.type, str(node), node.start_pos, node.end_pos)
    children = [shape(child) for child in node.children]
    return ("text" if node.data == "pattern" else node.data, node.start, node.end, children)


def same(text: str, start: Start) -> bool:
    tree, nodes = by_lark(text, start), read(text, start)
    assert (tree is None) == (nodes is None), text
    if tree is not None and nodes is not None:
        assert shape(nodes[-1]) == shape_of_lark(tree), text
        assert [node.number for node in nodes] == list(range(len(nodes)))
    return tree is not None


def test_expressions_of_the_corpora_read_the_same() -> None:
    files = [*sorted(DSL.glob("*.yaml")), *sorted(SAMPLE_APPS.rglob("*.yaml"))]
    texts = {text for path in files for text in quoted(path.read_text("utf-8"))}
    texts.update((CORPUS / "rules" / "expressions.txt").read_text("utf-8").splitlines())
    assert sum(same(text, "expression") for text in sorted(texts)) > 150


def test_rules_of_the_corpora_read_the_same() -> None:
    files = [*sorted(CORPUS.rglob("*.rules")), *sorted(SAMPLE_APPS.rglob("*.rules"))]
    assert sum(same(path.read_text("utf-8"), "rules_file") for path in files) > 5


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=12).map(" ".join))
def test_any_words_read_the_same(text: str) -> None:
    same(text, "expression")


def test_what_stands_right_of_matches_is_a_pattern() -> None:
    nodes = read('name matches "[a-z]{2}"', "expression")
    assert nodes is not None
    assert [node.data for node in nodes] == ["path", "pattern", "matches", "expression"]


@pytest.mark.parametrize("text", ["", "  ", "# only a comment", "a +", "a b", "'", "a @ b"])
def test_what_is_no_expression_gives_nothing(text: str) -> None:
    assert read(text, "expression") is None


def test_what_may_follow_a_stop_is_what_lark_says() -> None:
    kinds: tuple[tuple[str, Start], ...] = (("expression", "expression"), ("rules", "rules_file"))
    stops = 0
    for kind, start in kinds:
        for text in (*kept_seeds(kind), "10 " + "- " * 90 + "5 amd", "if(a, (b + 2 * [1, 2"):
            parser = grammar().parse_interactive(text, start)
            try:
                for _ in parser.iter_parse():
                    pass
                parser.feed_eof()  # type: ignore[no-untyped-call]
            except UnexpectedInput:
                stops += 1
                wanted = set(parser.accepts())  # type: ignore[no-untyped-call]
                assert accepted(parser.parser_state.state_stack, start) == wanted, text
    assert stops > 20
