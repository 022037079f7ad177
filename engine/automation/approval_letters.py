"""The mail that asks an approver: what it says stands in its run, and the link is made only when it leaves.

So the outbox holds no link that decides anything, and texts of records are filled in as values, never as templates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.automation.run_state import Run
from plugins.contexts import Plain, TemplateSource

LETTER, SEAT = "letter", "seat"
"""The name by which such a run has its text, and the part of it that the link stands for."""
TEMPLATE = TemplateSource(name="approval", subject="{{ user.subject }}", body="{{ user.text }}\n\n{{ url() }}\n")


@dataclass(frozen=True, slots=True)
class LetterAccess:
    """A `RecordAccess` of a mail that reads no record: it only knows its link."""

    link: str

    def read(self, paths: Sequence[str], language: str | None = None) -> Mapping[str, Plain]:
        """Give nothing: the text was written when the step opened."""
        return {}

    def rows(
        self, name: str, paths: Sequence[str], language: str | None = None, *, most: int
    ) -> Sequence[Mapping[str, Plain]] | None:
        """Give nothing, as it reads no record."""
        return []

    def image(self, path: str) -> bytes | None:
        """Give none."""
        return None

    def hidden(self) -> Sequence[str]:
        """Give none."""
        return ()

    def url(self) -> str:
        """Give the link that decides."""
        return self.link


def letter_of(run: Run) -> Mapping[str, Any] | None:
    """Give what a run says to an approver: `to`, `subject`, `text`, `seat`; None for other runs."""
    found = (run.snapshot.facts.get("names") or {}).get(LETTER)
    return found if isinstance(found, Mapping) else None
