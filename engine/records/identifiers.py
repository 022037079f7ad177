"""What a record id looks like; the databases would answer another text with an error of their own."""

from __future__ import annotations

import re

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.ASCII)


def could_be_id(text: str) -> bool:
    """Say whether a text has the form of an id."""
    return _ID.match(text) is not None
