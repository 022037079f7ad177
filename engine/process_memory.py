"""How much memory a process that does runs may take: a run that asks for more fails, and the process goes on.

Python raises MemoryError where the limit is reached; what then becomes of a run is the business of `automation`. It
watches no single run: all that a process does shares the limit.
"""

from __future__ import annotations

import sys
import traceback

from engine.settings import SettingsRefused

NEEDS_MORE = "more memory than its worker may take (FIELDSTONE_WORKER_MEMORY_MB)"
_MB = 1024 * 1024


def limit_memory(megabytes: int) -> None:
    """Let this process take no more than that; 0 = no limit.

    What counts is memory for data, the stacks of threads among it, not the program nor what is read from files.

    Raises:
        SettingsRefused: this system knows no such limit.
    """
    if not megabytes:
        return
    if sys.platform == "win32":
        raise SettingsRefused("worker_memory_mb is set; this system cannot limit the memory of a process.")
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    asked = megabytes * _MB
    resource.setrlimit(resource.RLIMIT_DATA, (asked if most == resource.RLIM_INFINITY else min(asked, most), most))


def let_go(error: MemoryError) -> None:
    """Free what the frames hold that an error came through: else it lives as long as the error that tells of it."""
    traceback.clear_frames(error.__traceback__)
