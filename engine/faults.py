"""Named points at which a test build lets the process die, so that tests can prove what survives.

Without `FIELDSTONE_TESTING=1` the points cost one comparison and `FIELDSTONE_CRASH_AT` is refused at start
(`settings`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping


class Faults:
    """The crash point of one process: `point` or `point:n`, which dies when the point is reached the n-th time.

    `*:n` dies at the n-th of all points, whichever that is.
    """

    def __init__(self, crash_at: str = "") -> None:
        self.point, _, count = crash_at.partition(":")
        self._left = int(count) if count else 1
        self._lock = threading.Lock()

    def reach(self, point: str) -> None:
        """Die here, as a power cut would, when this is the point and its count is used up."""
        if not self.point or self.point not in (point, "*"):
            return
        with self._lock:
            self._left -= 1
            if self._left > 0:
                return
        os.kill(os.getpid(), signal.SIGKILL)


def faults_of_environment(environment: Mapping[str, str]) -> Faults:
    """Make the crash point that a test build's environment asks for; none where testing is not allowed."""
    if environment.get("FIELDSTONE_TESTING") != "1":
        return Faults()
    return Faults(environment.get("FIELDSTONE_CRASH_AT", ""))


# The one state of the process in this package: a process dies as a whole, so its crash point is its own too.
_OF_THIS_PROCESS = faults_of_environment(os.environ)


def reach(point: str) -> None:
    """Die here if `FIELDSTONE_CRASH_AT` of this test build names the point."""
    _OF_THIS_PROCESS.reach(point)
