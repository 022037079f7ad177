"""Ids of records that lie in another database: made of the key they have there, and read back to it.

An id stands in addresses and lookups. A key that is plain there is its own id; any other one is written in letters
that are, after a `~`, so that no key can be taken for a page, whatever it holds.
"""

from __future__ import annotations

import base64
import binascii
import re

_LONGEST = 200
# A digit in it, so that no key is the name of a page (`new`).
_PLAIN = re.compile(r"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{1,200}\Z", re.ASCII)
_MARK = "~"


def id_of_key(key: object) -> str:
    """Give the id of a record by its key."""
    text = str(key)
    if _PLAIN.match(text):
        return text
    return _MARK + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def key_of_id(record_id: str) -> str | None:
    """Give the key that an id was made of; None for a text that no key makes."""
    if _PLAIN.match(record_id):
        return record_id
    if not record_id.startswith(_MARK) or len(record_id) > 4 * _LONGEST:
        return None
    try:
        key = base64.b64decode(record_id[1:] + "=" * (-len(record_id[1:]) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    # One record has one id.
    return key if key and id_of_key(key) == record_id and "\0" not in key else None
