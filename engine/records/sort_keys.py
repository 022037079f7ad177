"""Sort keys: what lists for people order names by, the same on both databases.

Case and width are folded, Chinese characters stand at their pinyin, so that 北京 stands between Baker and Bell.
"""

from __future__ import annotations

import functools
import re

from pypinyin import Style, lazy_pinyin

from engine.storage.functions import fold

_MOST = 200
_CHINESE = re.compile("[㐀-鿿豈-﫿\U00020000-\U0003ffff]")


@functools.lru_cache(maxsize=4096)
def sort_key(text: str | None) -> str | None:
    """Give the sort key of a text; None for an empty one."""
    if text is None:
        return None
    folded = fold(text[:_MOST]) or ""
    if _CHINESE.search(folded):
        folded = " ".join(lazy_pinyin(folded, style=Style.TONE3, neutral_tone_with_five=True))
    return folded[: _MOST * 2]
