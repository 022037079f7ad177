"""Names of files as people see them; they are data only, no file of the product is ever called by one."""

from __future__ import annotations

import unicodedata

from metamodel.content_types import ending_of

LONGEST_NAME = 200
# Marks that turn the direction of text: `exe.gpj` could be read as `jpg.exe`.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe_name(given: str) -> str:
    """Give the name of a file without folders, line breaks and marks that nobody sees; `file` where nothing is left."""
    last = given.replace("\\", "/").rpartition("/")[2]
    text = unicodedata.normalize("NFC", last.encode("utf-8", "replace").decode("utf-8"))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") and c not in _TURNING)
    text = text.strip(" .") if text.strip(".") else ""
    return _shortened(text) or "file"


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    ending = ending_of(name)
    tail = f".{ending}" if 0 < len(ending) <= 12 else ""
    return name[: LONGEST_NAME - len(tail)].rstrip() + tail
