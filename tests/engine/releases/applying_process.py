"""A process that applies an app folder, for tests that kill it or let two run at once.

Called as `python -m tests.engine.releases.applying_process DATABASE_URL WORK_FOLDER APP_FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.platforms import open_platform


def main() -> None:
    """Apply and print the number of the release."""
    url, work, app = sys.argv[1:4]
    with open_platform(url, Path(work)) as platform:
        applied = platform.apply_release([app], author="process")
        print(applied.release.number, "new" if applied.is_new else "old")


if __name__ == "__main__":
    main()
