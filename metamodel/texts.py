"""Texts for people in several languages, as an author wrote them inline or in translations/."""

from __future__ import annotations

from dataclasses import dataclass, field

from metamodel.quick_making import quickly_made
from metamodel.source import LocatedText


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text for people: one located text a language, the app's first language first.

    texts: (language code, text) pairs; a label written as a bare text stands under the app's first language.
    first: the app's first language, which stands in for one that has no text; None = that of the first text.
    """

    texts: tuple[tuple[str, LocatedText], ...]
    first: str | None = field(default=None, compare=False)

    def located(self, language: str) -> LocatedText | None:
        """Give the text in a language, else in the first one it has, else None; it may hold `{expression}` parts."""
        for code, text in self.texts:
            if code == language:
                return text
        return self.texts[0][1] if self.texts else None

    def in_language(self, language: str, fallback: str = "") -> str:
        """Give the plain text in a language, else in the first language it has, else `fallback` (a name, often)."""
        found = self.located(language)
        return found.text if found is not None else fallback


def label_text(label: Label | None, language: str, name: str) -> str:
    """Give the text of a label in a language, else in the app's first one; else the name, readable (`Close date`)."""
    if label is not None and label.texts:
        texts = dict(label.texts)
        found = texts.get(language) or texts.get(label.first or label.texts[0][0])
        if found is not None:
            return found.text
    return name.replace("_", " ").capitalize()


def label_texts(label: Label | None, name: str) -> frozenset[str]:
    """Give what a label may read in any language."""
    codes = [code for code, _ in label.texts] if label is not None else []
    return frozenset(label_text(label, code, name) for code in (*codes, ""))
