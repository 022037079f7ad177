"""The parser generated from grammar.lark, made once a process; it is immutable and shared by all threads."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

from lark import Lark, Token, Tree

Start = Literal["expression", "rules_file"]
ParseTree = Tree[Token]


@functools.cache
def grammar() -> Lark:
    """Give the LALR parser of both start symbols."""
    text = resources.files("workflow_dsl").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=["expression", "rules_file"],
        propagate_positions=True,
        maybe_placeholders=True,
    )
