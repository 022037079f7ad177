"""Keeps Python's cycle collector still while an app is read, and away from what stays as long as the process.

While an app is read it would go through every definition made so far, again and again, to find nothing: they hold each
other in no circles.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class _Collector:
    """What was done with the collector of this process."""

    froze = False


_COLLECTOR = _Collector()


def freeze_what_stays() -> None:
    """Collect, and take all that is left out of the collector's sight for good."""
    gc.collect()
    gc.freeze()
    _COLLECTOR.froze = True


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
            # That would let loose what was frozen for good; whether there is any is remembered, since to count it is
            # to go through all of it.
            if not _COLLECTOR.froze:
                gc.freeze()
                gc.unfreeze()
            gc.enable()
