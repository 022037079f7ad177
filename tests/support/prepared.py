"""Databases prepared once and copied: applying an app takes a second, copying its database a fraction of it.

The first test of a process that wants some app applied makes a database of its own for it; each further test gets a
copy under the address it was given, which must be empty. Copies are as real as the original.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.support.postgres import copy_database, create_database

_SQLITE = "sqlite:///"
_originals: dict[tuple[str, str], str] = {}


def fill_from_original(database_url: str, key: str, prepare: Callable[[str], None]) -> None:
    """Bring the database at an address to what `prepare` makes of an empty one.

    key: names what `prepare` does; the same key gives the same content.
    """
    is_sqlite = database_url.startswith(_SQLITE)
    place = _SQLITE if is_sqlite else urlsplit(database_url).query + urlsplit(database_url).netloc
    original = _originals.get((place, key))
    if original is None:
        original = _new_sqlite() if is_sqlite else create_database(_server_of(database_url), label="original")
        prepare(original)
        _originals[place, key] = original
    if is_sqlite:
        shutil.copyfile(original.removeprefix(_SQLITE), database_url.removeprefix(_SQLITE))
    else:
        copy_database(_server_of(database_url), original, database_url)


def _new_sqlite() -> str:
    folder = Path(tempfile.mkdtemp(prefix="fieldstone-original-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return f"{_SQLITE}{folder / 'original.sqlite'}"


def _server_of(database_url: str) -> str:
    parts = urlsplit(database_url)
    return urlunsplit((parts.scheme, parts.netloc, "/postgres", parts.query, ""))
