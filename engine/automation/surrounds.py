"""What a segment asks of the installation: the rule as it was, a door, a courier; made by `surroundings`."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from engine.automation.gone import GoneParts
from engine.automation.inside_actions import Door
from engine.automation.outside import Courier
from engine.automation.program import Program
from engine.automation.run_state import Run
from engine.files.store import FileStore


class Surrounds(Protocol):
    """What a run needs of the installation, made for one run."""

    @property
    def files(self) -> FileStore:
        """The files of the installation."""
        ...

    def program(self, run: Run) -> Program | None:
        """Give the rule with the text the run started with; None where it cannot be had."""
        ...

    def door(self, run: Run, program: Program) -> Door:
        """Open the door for whom the rule acts.

        Raises:
            StepFailed: that user is gone, disabled, or has not the rights.
        """
        ...

    def courier(self, run: Run, program: Program) -> Courier:
        """Give who hands outside actions over."""
        ...

    def gone(self, run: Run) -> GoneParts | None:
        """Give what finds parts of the run's rule that the current release has no more; None where it is its own."""
        ...

    def note_outcome(self, connection: Connection, run: Run, *, failed: bool, error: str | None) -> None:
        """Count failures in a row of the rule, and switch it off where there are too many."""
        ...
