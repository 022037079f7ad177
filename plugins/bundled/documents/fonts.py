"""Which font each character is set in: the operator's own, else Helvetica, else Song for Chinese; a box for the rest.

Helvetica and Song are not embedded: every reader of PDF has the one and brings the other along. Scripts that are
written from right to left or joined are not shaped.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from plugins import ActionFailed
from plugins.bundled.documents.shielding import BOX

_SONG = "STSong-Light"
PLAIN_FONT = "Helvetica"
_FACES = {
    (False, False): PLAIN_FONT,
    (True, False): "Helvetica-Bold",
    (False, True): "Helvetica-Oblique",
    (True, True): "Helvetica-BoldOblique",
}
_UNSEEN = ("Cf", "Cc", "Mn", "Me", "Cs")


class Typeface:
    """The fonts of one document; missing: characters that none of them has."""

    def __init__(self, font: str = "", bold_font: str = "") -> None:
        _register_song()
        self._own = _own_font(font) if font else None
        self._own_bold = (_own_font(bold_font) if bold_font else None) or self._own
        self._chosen: dict[tuple[str, bool, bool], str] = {}
        self.missing: set[str] = set()

    def runs(self, text: str, *, bold: bool = False, italic: bool = False) -> list[tuple[str, str]]:
        """Cut a text into runs: the font's name and its text."""
        clean = [self._glyph(ch) for ch in unicodedata.normalize("NFC", text) if self._is_seen(ch)]
        return [
            (font, "".join(run))
            for font, run in groupby(clean, key=lambda ch: self._font(ch, bold=bold, italic=italic))
        ]

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Give how wide a text is in one line."""
        return sum(pdfmetrics.stringWidth(run, font, size) for font, run in self.runs(text, bold=bold))

    def _is_seen(self, character: str) -> bool:
        return unicodedata.category(character) not in _UNSEEN

    def _glyph(self, character: str) -> str:
        if self._font(character):
            return character
        self.missing.add(character)
        return BOX

    def _font(self, character: str, *, bold: bool = False, italic: bool = False) -> str:
        key = (character, bold, italic)
        if key not in self._chosen:
            self._chosen[key] = self._choose(character, bold=bold, italic=italic)
        return self._chosen[key]

    def _choose(self, character: str, *, bold: bool, italic: bool) -> str:
        own = self._own_bold if bold else self._own
        if own is not None and ord(character) in own.face.charToGlyph:
            return str(own.fontName)
        if _fits(character, "cp1252", 1):
            return _FACES[bold, italic]
        return _SONG if _fits(character, "gbk", 2) else ""


def _fits(character: str, charset: str, length: int) -> bool:
    try:
        return len(character.encode(charset)) == length
    except UnicodeEncodeError:
        return False


@lru_cache(1)
def _register_song() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(_SONG))


@lru_cache(8)
def _own_font(path: str) -> TTFont:
    try:
        made = TTFont(f"own-{Path(path).stem}", path)
    except (TTFError, OSError) as error:
        raise ActionFailed(f"the font of documents can't be used ({Path(path).name}): {error}") from error
    pdfmetrics.registerFont(made)
    return made
