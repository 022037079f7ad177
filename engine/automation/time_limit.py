"""Waits for foreign code no longer than its time limit: a plugin that hangs must not hold a worker's thread for ever.

Python cannot end a thread from outside. What hangs is left behind on a thread that ends with the process at the latest
and whose answer nobody reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

from engine.process_memory import let_go

Given = TypeVar("Given")


class TimeLimitReached(Exception):
    """There was no answer in time."""


def within(seconds: float, do: Callable[[], Given], *, name: str) -> Given:
    """Give what `do` gives, or raise what it raises.

    Raises: TimeLimitReached.
    """
    given: list[Given] = []
    raised: list[BaseException] = []
    context = copy_context()

    def work() -> None:
        try:
            given.append(context.run(do))
        except MemoryError as error:
            let_go(error)
            raised.append(MemoryError())
        except BaseException as error:  # it belongs to whoever waits
            raised.append(error)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not given:
        raise TimeLimitReached
    return given[0]
