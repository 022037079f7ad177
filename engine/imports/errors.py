"""What can be wrong with an import as a whole; what is wrong with a row is told in its result."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import EngineError
from metamodel.source import Problem


class ImportRefused(EngineError):
    """The file or its mapping cannot be used; no row was read into the database.

    problems: of the mapping file, with their places; empty where the CSV file itself is at fault.
    """

    def __init__(self, reason: str, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(reason)


class TakenOver(EngineError):
    """Somebody else works on the import or export by now, or it was cancelled; whoever sees this stops."""

    def __init__(self) -> None:
        super().__init__("Somebody else works on this by now, or it was cancelled.")


class BadCell(Exception):
    """A cell that cannot be turned into a value; the sentence says why."""
