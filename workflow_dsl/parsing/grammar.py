"""The parser of grammar.lark, made once a process; it is immutable and shared by all threads."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any, Literal

from lark import Lark

from workflow_dsl.parsing.tables import load_parser

Start = Literal["expression", "rules_file"]

OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "contextual",
    "start": ["expression", "rules_file"],
    "propagate_positions": True,
    "maybe_placeholders": True,
}


@functools.cache
def grammar() -> Lark:
    """Give the LALR parser of both start symbols, from its stored tables where these are of today's grammar."""
    text = grammar_text()
    return load_parser(text, OPTIONS) or Lark(text, **OPTIONS)


def grammar_text() -> str:
    """Give the text of the grammar."""
    return resources.files("workflow_dsl").joinpath("grammar.lark").read_text(encoding="utf-8")
