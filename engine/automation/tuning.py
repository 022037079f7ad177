"""The numbers automation works with: pauses, limits, intervals. Tests make them small, operators leave them."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How patient and how bounded automation is.

    retries: tries after the first one where a rule does not say. first_pause_s doubles with each try up to
    longest_pause_s and is spread by `jitter` (a share of it). max_depth, max_actions, max_rows: limits of one root
    cause (see 03, loops). failures_to_switch_off: failed runs in a row. takeover_s: how often a worker looks for dead
    ones. poll_s: how often it asks for runs. timer_s: how often it looks for due times. crashes: how often a run may
    take its worker with it before it is parked. segment_actions: actions in one go before others get a turn.
    failures_to_pause: tries in a row that a target may fail before it is paused, for first_break_s, doubled each time
    that it fails after a pause too, up to longest_break_s.
    press_s: how long a request does what a button starts. answer_s: how long it waits then for workers to do the rest.
    """

    retries: int = 5
    first_pause_s: float = 10.0
    longest_pause_s: float = 3_600.0
    jitter: float = 0.2
    max_depth: int = 16
    max_actions: int = 1_000
    max_rows: int = 10_000
    failures_to_switch_off: int = 10
    takeover_s: float = 2.0
    poll_s: float = 0.1
    timer_s: float = 1.0
    crashes: int = 5
    press_s: float = 2.0
    answer_s: float = 2.0
    segment_actions: int = 500
    failures_to_pause: int = 10
    first_break_s: float = 60.0
    longest_break_s: float = 3_600.0

    def pause_after(self, attempt: int, asked_s: float | None = None) -> float:
        """Give the seconds to wait after a try that failed; what the other side asked for is the least."""
        doubled = self.first_pause_s * 2.0 ** min(max(attempt - 1, 0), 30)
        pause = min(doubled, self.longest_pause_s)
        return max(self.spread(pause), asked_s or 0.0)

    def break_after(self, pauses: int) -> float:
        """Give the seconds that a target is paused for, after so many pauses in a row."""
        return min(self.first_break_s * 2.0 ** min(pauses, 30), self.longest_break_s)

    def spread(self, pause_s: float) -> float:
        """Give a pause made longer by chance, so that what waits for one moment does not come all at once."""
        return pause_s * (1.0 + random.uniform(0.0, self.jitter))  # noqa: S311  # spreads load, guards nothing
