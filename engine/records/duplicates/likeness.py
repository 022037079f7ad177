"""How alike two texts are: width, case, spaces, punctuation and company suffixes do not count.

Pure functions of texts; which fields are compared is said by a duplicate rule.
"""

from __future__ import annotations

import functools
import re

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from engine.storage.functions import fold

_CHINESE = re.compile("[㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_WORD = re.compile(r"\w+")
_LATIN_SUFFIXES = frozenset(
    "co company corp corporation inc incorporated ltd limited llc llp lp plc gmbh ag kg sa sas sarl spa srl bv nv ab "
    "oy pty pte pvt kk holding holdings group".split()
)
_CHINESE_SUFFIXES = (
    "有限责任公司", "股份有限公司", "集团有限公司", "有限公司", "股份公司", "总公司", "分公司", "公司", "集团", "股份",
    "有限責任公司", "股份有限公司", "集團有限公司", "集團",
)  # fmt: skip
_MOST = 400


@functools.lru_cache(maxsize=8192)
def normalised(text: str) -> str:
    """Give a text without what does not tell two names apart; never empty where letters or digits are left."""
    return "".join(_words(text))


@functools.lru_cache(maxsize=8192)
def in_order(text: str) -> str:
    """Give the normalised words of a text by the alphabet, so that `Berry Lachlan` is `Lachlan Berry`."""
    return "".join(sorted(_words(text)))


@functools.lru_cache(maxsize=8192)
def romanised(text: str) -> str:
    """Give a normalised text with Chinese characters as pinyin without tones."""
    plain = normalised(text)
    return "".join(lazy_pinyin(plain)) if _CHINESE.search(plain) else plain


def likeness(one: str, other: str) -> float:
    """Say how alike two texts are, from 0 to 1; Chinese against Latin is compared by pinyin."""
    if bool(_CHINESE.search(one)) != bool(_CHINESE.search(other)):
        return float(fuzz.ratio(romanised(one), romanised(other))) / 100
    straight = fuzz.ratio(normalised(one), normalised(other))
    return float(max(straight, fuzz.ratio(in_order(one), in_order(other)))) / 100


def _words(text: str) -> list[str]:
    folded = (fold(text[:_MOST]) or "").replace(".", "").replace("'", "")
    words = _WORD.findall(folded.replace("_", " "))
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _LATIN_SUFFIXES:
        kept.pop()
    if kept:
        kept[-1] = _without_chinese_suffix(kept[-1], alone=len(kept) == 1)
    return [word for word in kept if word] or words


def _without_chinese_suffix(word: str, *, alone: bool) -> str:
    for suffix in _CHINESE_SUFFIXES:
        if word.endswith(suffix) and (len(word) > len(suffix) or not alone):
            return _without_chinese_suffix(word.removesuffix(suffix), alone=alone)
    return word
