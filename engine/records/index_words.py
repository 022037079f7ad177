"""Words of the global search: what is kept of a text, and what a typed text asks for; the only place that says so.

Latin words are found by how they begin, with or without accents, Chinese texts by any two characters that stand
together, by the first letters of their pinyin (`zgyh` finds 中国银行) and by the pinyin written out, numbers of phones
by any three digits in a row.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from engine.storage.functions import fold

WHOLE = "¦"
"""What the word begins with that is a text as a whole."""
MOST_TERMS = 12
_MOST_TEXT, _LONGEST, _MOST_WORDS = 2_000, 64, 400
_SPELLED = 24
_WIDEST = 8
"""How many digits numbers are filled up to with noughts."""
_PHONE_DIGITS, _LEAST_DIGITS, _MOST_COUNTRY = 24, 3, 3
_CJK = "㐀-鿿豈-﫿\u3040-\u30ff\U00020000-\U0003ffff"
_RUNS = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_TOP = "com|cn|net|org|io|edu|gov|info|biz|hk|tw|jp|kr|sg|de|at|ch|uk|fr|es|it|nl|eu|us|ca|au|in|br|co|ai|app|dev|cc|me"
_SUFFIX = re.compile(rf"(?:(@[\w.-]+)\.[a-z]{{2,}}|(\w[\w-]*)(?:\.com?)?\.(?:{_TOP}))(?![\w.@-])", re.ASCII | re.I)
_SCHEME = re.compile(r"\bhttps?://(?:www\.)?", re.I)
_IS_CJK = re.compile(f"[{_CJK}]")


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is asked for; begins: words that begin so are meant too."""

    text: str
    begins: bool

    @property
    def alike(self) -> Sequence[str]:
        """Give the word, and as which others it counts: a number with noughts before it."""
        if not self.begins or not self.text.isdecimal() or not self.text.isascii():
            return (self.text,)
        return (self.text, *(self.text.zfill(width) for width in range(len(self.text) + 1, _WIDEST + 1)))


@dataclass(frozen=True, slots=True)
class SearchText:
    """What a typed text asks for: all the terms, or the text as a whole; without terms nothing can be found."""

    terms: tuple[Term, ...]
    whole: str


def index_words(value: str | Sequence[str] | None, kind: str) -> str | None:
    """Give the words of a field's value with spaces between, None for none; kind: the field's type of value."""
    if not value:
        return None
    if isinstance(value, str):
        return _words_of(value, kind)
    return " ".join(dict.fromkeys(word for text in value for word in (_words_of(text, kind) or "").split())) or None


def read_search(text: str) -> SearchText:
    """Read what somebody typed."""
    terms: dict[Term, None] = {}
    cut = text[:200]
    runs = _runs(cut)
    for run in _runs(_SUFFIX.sub(r"\1\2", _SCHEME.sub("", cut))):
        if len(run) > 1 and _IS_CJK.match(run):
            terms.update((Term(run[at : at + 2], begins=False), None) for at in range(len(run) - 1))
        else:
            terms[Term(run[:_LONGEST], begins=True)] = None
    return SearchText(tuple(terms)[:MOST_TERMS], _whole(runs))


@functools.lru_cache(maxsize=4096)
def _words_of(text: str, kind: str) -> str | None:
    text = text[:_MOST_TEXT]
    runs = _runs(text)
    if not runs:
        return None
    found: dict[str, None] = {_whole(runs): None}
    if kind == "phone":
        digits = "".join(run for run in runs if run.isdigit())
        found.update(dict.fromkeys(_ends(digits)))
        if text.startswith("+"):
            # At home the code of the country is left out, and a nought stands in its place.
            found.update(dict.fromkeys("0" + digits[at:_PHONE_DIGITS] for at in range(1, _MOST_COUNTRY + 1)))
    if kind in ("email", "url"):
        # Else half of all records would be found by `co` or `ww`.
        runs = _runs(_SUFFIX.sub(r"\1\2", _SCHEME.sub("", text)))
    for run in runs:
        if _IS_CJK.match(run):
            found.update(dict.fromkeys(run[at : at + 2] for at in range(len(run))))
            if kind != "long_text":
                found.update(dict.fromkeys(_spelled(run)))
        else:
            found[run[:_LONGEST]] = None
    return " ".join(tuple(found)[:_MOST_WORDS])


def _runs(text: str) -> list[str]:
    folded = fold(text) or ""
    if not folded.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
        folded = unicodedata.normalize("NFC", bare)
    return _RUNS.findall(folded)


def _whole(runs: Sequence[str]) -> str:
    return WHOLE + "".join(runs)[: _LONGEST * 2]


def _ends(digits: str) -> Iterator[str]:
    cut = digits[:_PHONE_DIGITS]
    return (cut[at:] for at in range(len(cut) - _LEAST_DIGITS + 1))


def _spelled(run: str) -> Iterator[str]:
    """Give the pinyin from each character on, by first letters and written out: who searches may begin anywhere."""
    syllables = [each for each in lazy_pinyin(run[:_SPELLED], style=Style.NORMAL) if each.isascii() and each.isalpha()]
    for at in range(len(syllables)):
        if at < len(syllables) - 1:
            yield "".join(each[0] for each in syllables[at:])
        yield "".join(syllables[at:])[:_LONGEST]
