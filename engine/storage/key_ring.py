"""The keys that encrypted values are sealed with, the newest first; all that ever were open what they have sealed.

They lie in a file of the data folder beside the secret key, never in the database. A process takes note of a key that
another one added. Without the file there is one key, made of the installation's secret.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.storage.locks import file_lock

_PURPOSE = b"fieldstone: values of encrypted fields"
_FIRST_MARK = "fs1."
_WAIT_S = 30.0
_BINDS_ALL = "bound:"
"""What the line of a key begins with that binds all; those of older versions begin with the key itself."""


@dataclass(frozen=True, slots=True)
class ValueKey:
    """One key.

    mark: what the texts begin with that it has sealed; it tells nothing of the key. binds_all: it never sealed a text
    that is not bound to its place, so that one of these is forged.
    """

    mark: str
    box: AESGCM
    binds_all: bool = False


class KeyRing:
    """The keys of an installation; path: of the file with those that were added, None = there are none."""

    def __init__(self, secret: bytes, path: Path | None = None) -> None:
        self._path = path
        self._first = ValueKey(_FIRST_MARK, _box(secret))
        self._lock = threading.Lock()
        self._read_at: tuple[int, ...] | None = None
        self._keys: tuple[ValueKey, ...] = (self._first,)

    def known(self) -> tuple[ValueKey, ...]:
        """Give all keys, that in use first; the file is read again where it was changed."""
        changed = self._changed_at()
        if changed != self._read_at:
            with self._lock:
                self._keys, self._read_at = (*self._added(), self._first), changed
        return self._keys

    def add(self) -> ValueKey:
        """Make a new key, which seals from now on.

        Raises: ValueError where there is no file to keep it in.
        """
        if self._path is None:
            raise ValueError("a ring without a file takes no further key")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Of two that add at once none may write over the key of the other, which may have sealed already.
        with file_lock(self._path.with_suffix(".lock"), timeout_s=_WAIT_S):
            lines = self._path.read_text("ascii").splitlines() if self._path.exists() else []
            _write_whole(self._path, "\n".join([f"{_BINDS_ALL}{secrets.token_hex(32)}", *lines]) + "\n")
        return self.known()[0]

    def _changed_at(self) -> tuple[int, ...] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return (found.st_mtime_ns, found.st_ino, found.st_size)

    def _added(self) -> tuple[ValueKey, ...]:
        if self._path is None or not self._path.exists():
            return ()
        return tuple(_named(line.strip()) for line in self._path.read_text("ascii").splitlines() if line.strip())


def _write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: a ring that was cut off would lose what it has sealed."""
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    if os.name == "posix":
        # Its name too must outlast a power cut that what is sealed next outlasts.
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _named(text: str) -> ValueKey:
    key = text.removeprefix(_BINDS_ALL).encode()
    mark = f"fs2.{hashlib.sha256(key).hexdigest()[:12]}."
    return ValueKey(mark, _box(key), binds_all=text.startswith(_BINDS_ALL))


def _box(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret))
