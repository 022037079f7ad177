"""What the housekeeping of a worker does again and again beside runs; each duty at its own pace.

A duty finds what is to be done from the records alone: done twice or by two workers at once it does no harm, and after
a killed worker the next one goes on.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from engine.clock import Clock
from engine.errors import EngineError

_LOG = logging.getLogger("fieldstone.automation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty. at_start: it is first done when a worker begins, else after `every`."""

    name: str
    every: dt.timedelta
    do: Callable[[], object]
    at_start: bool = True


@dataclass(slots=True, kw_only=True)
class Duties:
    """The duties of one worker."""

    duties: Sequence[Duty]
    clock: Clock
    _done_at: dict[str, dt.datetime] = field(default_factory=dict)

    def tick(self) -> None:
        """Do what is due; one that fails does not keep the others from being done, and is tried again in its turn."""
        now = self.clock.now()
        for duty in self.duties:
            last = self._done_at.get(duty.name)
            if last is None and not duty.at_start:
                last = self._done_at[duty.name] = now
            if last is not None and abs(now - last) < duty.every:
                continue
            self._done_at[duty.name] = now
            try:
                duty.do()
            except (EngineError, SQLAlchemyError, OSError) as error:
                _LOG.warning("%s is put off: %s", duty.name, error)
