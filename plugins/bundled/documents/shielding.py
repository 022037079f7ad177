"""Keeps values apart from the Markdown around them: what stands in a record can never become markup.

Each character that Markdown knows is put away under one of the private use area before the text is parsed, and brought
back when it is set. A value that holds such characters itself has them shown as a box.
"""

from __future__ import annotations

import string
import unicodedata

BOX = "□"
_BASE = 0xF100
_PUT_AWAY = {ord(ch): chr(_BASE + ord(ch)) for ch in string.punctuation + "\n"}
_BROUGHT_BACK = {ord(away): chr(plain) for plain, away in _PUT_AWAY.items()}
_PRIVATE = {code: BOX for code in range(_BASE, _BASE + 128)}
PAGE, PAGES = chr(0xF1F0), chr(0xF1F1)
"""Stand in a header or footer for the number of the page and how many there are."""
_PRIVATE |= {ord(PAGE): BOX, ord(PAGES): BOX}


def shielded(text: str) -> str:
    """Put a value's own characters away; control characters go, line breaks stay line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    safe = "".join(ch for ch in lines.translate(_PRIVATE) if ch == "\n" or not _is_control(ch))
    return safe.translate(_PUT_AWAY)


def unshielded(text: str) -> str:
    """Bring back what was put away."""
    return text.translate(_BROUGHT_BACK)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
