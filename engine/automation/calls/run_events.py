"""What a plugin tells of while it does an action of a run: what follows belongs to that run's chain of causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.automation.run_state import Run
from engine.records.hooks import Cause
from plugins.contexts import Plain


class Tell(Protocol):
    """Starts the rules that wait for an event."""

    def __call__(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None, cause: Cause) -> None:
        """Start them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvents:
    """Takes the events of one step."""

    run: Run
    path: str
    start: Tell

    def tell(self, event: str, payload: Mapping[str, Plain], *, key: str | None = None) -> None:
        """Start the rules that wait for an event, caused by the step."""
        run = self.run
        chain = (*run.chain, run.link)
        cause = Cause(run=run.id, step=self.path, depth=run.depth + 1, root=run.root, chain=chain)
        self.start(event, payload, key=key, cause=cause)
