"""Lets the end of one batch, what the server still takes and the commit, go on while the next rows are read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Finishing:
    """The end of at most one batch at a time; nobody leaves the block before it has come."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None

    def __enter__(self) -> Finishing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.wait()
        elif self._thread is not None:
            self._thread.join()

    def begin(self, end: Callable[[], object]) -> None:
        """Let a batch come to its end beside what follows."""
        self.wait()
        self._thread = threading.Thread(target=self._run, args=(end,), name="commit")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end of the batch before.

        Raises: what that raised.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _run(self, end: Callable[[], object]) -> None:
        try:
            end()
        except BaseException as fault:
            self._fault = fault
