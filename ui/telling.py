"""Says in the language of the page what the engine and the expression language say in English: the one place for it.

Findings come with a code for programs and a finished sentence. Which of the known sentences one is (ui/phrases.py,
ui/refusal_phrases.py), and what was filled in, is read back from it; the catalogue then gives the same in the language
of the request. What stands in quotes was written by people and stays as it is. Messages of saves are not these: the
door says them in the person's language itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from flask import g
from flask_babel import get_locale, gettext

from metamodel.source import Problem
from ui.phrases import FINDINGS, PARTS
from ui.refusal_phrases import REFUSALS

_BLANK = re.compile(r"\{([a-z]+)\}")
_CODE = frozenset(("form", "known", "options", "sign", "written"))
_DEEPEST = 8
_LONGEST = 1_000
"""Characters of a sentence that is looked for: patterns with several blanks take long over what quotes more."""
_SEMICOLONS = {"zh": "；"}
Template = tuple[re.Pattern[str], str, frozenset[str]]
"""How a sentence is known, what it is in the language asked for, and which blanks of it hold parts, not quoted text."""


def tell_problem(problem: Problem) -> str:
    """Give a finding with its hint, as one line."""
    message = tell(problem.message)
    return f"{message}{_SEMICOLONS.get(_tongue(), '; ')}{tell(problem.hint)}" if problem.hint else message


def tell(sentence: str) -> str:
    """Give a sentence of the engine in the language of the page; one that the catalogue has not stays as it is."""
    tongue = _tongue()
    return sentence if tongue == "en" else _said(sentence, _templates(tongue), tongue, 0)


def tell_part(words: str) -> str:
    """Give a part of such a sentence, as the name of a type."""
    tongue = _tongue()
    return words if tongue == "en" else _said(words, _templates(tongue, part=True), tongue, 0)


def _tongue() -> str:
    # Without a release, as where the database is away, nothing says which languages there are.
    locale = get_locale() if g.get("release") is not None else None
    return locale.language if locale is not None else "en"


def _said(text: str, templates: tuple[Template, ...], tongue: str, depth: int) -> str:
    for pattern, said, parts in templates if depth < _DEEPEST and len(text) <= _LONGEST else ():
        found = pattern.fullmatch(text)
        if found is not None:
            return _filled(said, found.groupdict(), parts, tongue, depth)
    return text


def _filled(said: str, blanks: Mapping[str, str], parts: frozenset[str], tongue: str, depth: int) -> str:
    def fill(blank: re.Match[str]) -> str:
        text = blanks[blank[1]]
        return _said(text, _templates(tongue, part=True), tongue, depth + 1) if blank[1] in parts else text

    return _BLANK.sub(fill, said)


@lru_cache(maxsize=8)
def _templates(tongue: str, part: bool = False) -> tuple[Template, ...]:
    """Compile the sentences of a language once; the ones with the most text of their own are tried first."""
    known = sorted(
        (*FINDINGS, *REFUSALS, *PARTS) if part else (*FINDINGS, *REFUSALS), key=lambda text: -len(_BLANK.sub("", text))
    )
    return tuple(_template(text) for text in known)


def _template(text: str) -> Template:
    pieces = _BLANK.split(text)
    pattern = "".join(f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    parts = frozenset(name for at, name in enumerate(pieces) if at % 2 and not pieces[at - 1].endswith("'")) - _CODE
    return re.compile(pattern, re.DOTALL), gettext(text), parts
