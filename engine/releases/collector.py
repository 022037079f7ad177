"""Keeps Python's cycle collector still while an app is read.

It would go through every definition made so far, again and again, to find nothing: they hold each other in no circles.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_frozen = False


def freeze_what_stays() -> None:
    """Collect, and take all that is left out of the collector's sight for good: what stays as long as the process."""
    global _frozen
    gc.collect()
    gc.freeze()
    _frozen = True


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector of the process, unless it is paused already."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # What was made goes to the oldest generation at once, else the next new object would set off that search.
            # It would let loose what was frozen for good; and to count that is to go through all of it.
            if not _frozen:
                gc.freeze()
                gc.unfreeze()
            gc.enable()
