"""Outside actions and waits of a run whose first piece a request does: they are handed over to the workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.automation.program import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """Stands in for the outside actions of a run; hand_over queues the next piece and raises Paused."""

    hand_over: Callable[[], None]

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Leave an action, and what follows it, to a worker."""
        self.hand_over()
        raise AssertionError("handing over ends the piece")
