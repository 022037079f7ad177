"""Turns a stop of the parser into one problem: where, what was written, what could have stood there, what to write.

Runs only when a text does not parse, so it may take its time: the text is parsed again step by step to know exactly
what the parser would have accepted.
"""

from __future__ import annotations

import re

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from metamodel.source import Problem
from workflow_dsl.parsing.expectations import describe, nearest_keyword, same_beginning
from workflow_dsl.parsing.grammar import Start, grammar
from workflow_dsl.parsing.mistakes import recognise
from workflow_dsl.parsing.reading import accepted
from workflow_dsl.parsing.source import Source


def syntax_problem(source: Source, start: Start) -> Problem:
    """Explain why `source` does not parse from `start`."""
    error, kinds = _stop_of_parser(source.text, start)
    position, found = _place(source.text, error)
    # A name may stand where keywords may too; `EQUALS` after a comparison is the third part of `a = b = c`.
    chained = isinstance(error, UnexpectedToken) and error.token.type in ("COMPARE", "EQUALS")
    mistake = recognise(source.text, position, chained=chained)
    if mistake is not None:
        return _problem(source, mistake.code, mistake.message, mistake.hint, mistake.start, mistake.length)
    family = "RUL" if start == "rules_file" else "EXP"
    expected = describe(kinds)
    if found == "":
        message = f"the text ends here, but {expected} should follow"
        return _problem(source, f"{family}102", message, "", max(0, position - 1), 1)
    keyword = nearest_keyword(source.text, position, kinds)
    if keyword is not None:
        message = f"'{keyword[0]}' is not known here"
        hint = f"did you mean '{keyword[1]}'?"
        return _problem(source, "RUL103" if family == "RUL" else "EXP111", message, hint, position, len(keyword[0]))
    begun = same_beginning(source.text, position, kinds)
    if begun is not None:
        written, meant = begun
        hint = "write '" + "', '".join(meant[:-1]) + f"' or '{meant[-1]}'"
        code = "RUL103" if family == "RUL" else "EXP111"
        return _problem(source, code, f"'{written}' is not known here", hint, position, len(written))
    return _problem(source, f"{family}101", f"'{found}' can't stand here", f"expected {expected}", position, len(found))


def _problem(source: Source, code: str, message: str, hint: str, start: int, length: int) -> Problem:
    at = source.span(start, start + length).location
    return Problem(code=code, message=message, at=at, hint=hint, length=length)


def _stop_of_parser(text: str, start: Start) -> tuple[UnexpectedInput, set[str]]:
    parser = grammar().parse_interactive(text, start)
    try:
        for _ in parser.iter_parse():
            pass
        parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        return error, accepted(parser.parser_state.state_stack, start)
    raise AssertionError("the text parses after all")


def _place(text: str, error: UnexpectedInput) -> tuple[int, str]:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        token: Token = error.token
        return token.start_pos or 0, " ".join(str(token).split())
    if isinstance(error, UnexpectedCharacters):
        position = int(str(error.pos_in_stream))
        word = re.match(r"\w+|\S", text[position:])
        return position, word[0] if word else ""
    return len(_without_tail(text)), ""


def _without_tail(text: str) -> str:
    # Trailing space and comments are not part of what was written; the caret belongs under the last word.
    return re.sub(r"(\s|#[^\n]*(?=\n|\Z))+\Z", "", text)
