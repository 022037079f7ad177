"""The runs of one entry of the durable engine's queue: begun by one statement, then done by several threads.

Each thread does the next one, so a run that hangs holds up one thread and none of the others. The entry is over when
all of its runs had their piece. A process that dies leaves the entry claimed; whoever takes it over finds the runs
that are over, and takes the others one by one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Protocol

from engine.automation.run_state import Run
from engine.errors import DatabaseUnavailable


class RunSegment(Protocol):
    """Works on pieces of runs."""

    def __call__(self, run_id: str, segment: int) -> str:
        """Take a piece of a run and work on it; give a word on how it went."""
        ...

    def begin(self, run_ids: Sequence[str]) -> Mapping[str, Run]:
        """Take those of the runs that nobody has begun and that are alone of their rule and record."""
        ...

    def go_on(self, run: Run) -> str:
        """Work on a run that was taken; give a word on how it went."""
        ...


Guard = Callable[[Callable[[], object]], object]
"""Does something until the database is there; raises DatabaseUnavailable where the worker stops before."""
Told = Callable[[BaseException | None], object]


class Batch:
    """One batch in hand. told: is called once, when all is over or the worker stops, with what went wrong."""

    def __init__(
        self,
        run_ids: Sequence[str],
        *,
        segments: RunSegment,
        guard: Guard,
        stopping: threading.Event,
        told: Told,
    ) -> None:
        self._segments = segments
        self._guard = guard
        self._stopping = stopping
        self._told = told
        self._lock = threading.Lock()
        self._waiting = deque(run_ids)
        self._begun: dict[str, Run] = {}
        self._open = len(run_ids)
        self._failure: BaseException | None = None
        self._is_over = False

    def work(self, threads: Executor, helpers: int) -> None:
        """Begin all runs and do them, with the help of so many other threads."""
        try:
            self._guard(self._begin)
        except BaseException as error:  # whatever it was, the entry must not stay open
            self._over(error)
            return
        for _ in range(min(helpers, len(self._waiting) - 1)):
            threads.submit(self.help)
        self.help()

    def help(self) -> None:
        """Do the next runs until none is left."""
        while True:
            try:
                run_id = self._waiting.popleft()
            except IndexError:
                return
            if self._stopping.is_set():
                # What is left stays claimed, for others to take over.
                self._over(DatabaseUnavailable())
                return
            failure: BaseException | None = None
            try:
                self._guard(lambda each=run_id: self._do(each))  # type: ignore[misc]
            except BaseException as error:  # the other runs go on
                failure = error
            self._note(failure)

    def _begin(self) -> None:
        self._begun = dict(self._segments.begin(list(self._waiting)))

    def _do(self, run_id: str) -> str:
        # What is tried a second time is taken anew: something of it may be done.
        run = self._begun.pop(run_id, None)
        return self._segments(run_id, 0) if run is None else self._segments.go_on(run)

    def _note(self, failure: BaseException | None) -> None:
        with self._lock:
            self._failure = self._failure or failure
            self._open -= 1
            last = self._open == 0
        if last:
            self._over(self._failure)

    def _over(self, failure: BaseException | None) -> None:
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
        self._told(failure)
