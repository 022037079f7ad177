"""Texts for people in several languages, as an author wrote them inline or in translations/."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.source import LocatedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text for people: one located text a language, the app's first language first.

    texts: (language code, text) pairs; a label written as a bare text stands under the app's first language.
    """

    texts: tuple[tuple[str, LocatedText], ...]

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
    """Give the text of a label that may be absent; without one a name is made readable (`close_date` → Close date)."""
    if label is not None and label.texts:
        return label.in_language(language, name)
    return name.replace("_", " ").capitalize()
