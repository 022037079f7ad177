"""The folder that bytes lie in, each content once, under the name of its SHA-256.

Bytes come in through a file of their own under `incoming` and take their place by one rename, so that nobody ever sees
half a file. Which contents are still needed is not known here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine import faults
from engine.files.images import SIZES
from metamodel.content_types import size_text
from metamodel.field_types import FieldValueError

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Bytes that have come in and have no place yet."""

    path: Path
    sha256: str
    size: int


class ContentFolder:
    """The contents of one installation."""

    def __init__(self, root: Path) -> None:
        # Whoever hands a path on, as to a server that answers with the file, may count from another folder.
        self.root = root.absolute()
        self._incoming = self.root / "incoming"

    @contextmanager
    def staged(self, stream: BinaryIO, *, most: int) -> Iterator[Staged]:
        """Read bytes into a file of their own, which is gone after the block unless it has found its place.

        Raises: FieldValueError where there are more than `most` or none.
        """
        self._incoming.mkdir(parents=True, exist_ok=True)
        path = self._incoming / secrets.token_hex(16)
        try:
            yield self._read(stream, path, most)
        finally:
            path.unlink(missing_ok=True)
            for size in SIZES:
                self.staged_preview(path, size).unlink(missing_ok=True)

    def staged_preview(self, path: Path, size: str) -> Path:
        """Give the file that a preview of staged bytes is drawn into."""
        return path.with_name(f"{path.name}.{size}")

    def place(self, staged: Staged) -> None:
        """Give staged bytes and their previews their place; the same bytes may be there already."""
        target = self.path_of(staged.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        for size in SIZES:
            drawn = self.staged_preview(staged.path, size)
            if drawn.exists():
                drawn.replace(self.preview_of(staged.sha256, size))
        staged.path.replace(target)
        _keep_name(target.parent)

    def path_of(self, sha256: str) -> Path:
        """Give where the bytes with this hash lie."""
        return self.root / "content" / sha256[:2] / sha256

    def preview_of(self, sha256: str, size: str) -> Path:
        """Give where the preview of an image lies."""
        return self.root / "content" / sha256[:2] / f"{sha256}.{size}"

    def remove(self, sha256: str) -> None:
        """Remove bytes and their previews."""
        for size in SIZES:
            self.preview_of(sha256, size).unlink(missing_ok=True)
        self.path_of(sha256).unlink(missing_ok=True)

    def remove_incoming(self, before: float) -> int:
        """Remove what came in and was left behind by a process that died; `before`: seconds since 1970."""
        found = [path for path in _files(self._incoming) if _changed_at(path) < before]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def hashes(self, before: float) -> Iterator[str]:
        """Give the hashes of all bytes that have lain here since before a time, in seconds since 1970."""
        folder = self.root / "content"
        for part in sorted(folder.iterdir()) if folder.is_dir() else ():
            for path in _files(part):
                if len(path.name) == 64 and _changed_at(path) < before:
                    yield path.name

    def _read(self, stream: BinaryIO, path: Path, most: int) -> Staged:
        digest, size = hashlib.sha256(), 0
        with path.open("xb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise FieldValueError("file_too_big", size=f"> {size_text(most)}", most=size_text(most))
                digest.update(chunk)
                file.write(chunk)
                faults.reach("file.chunk")
            file.flush()
            os.fsync(file.fileno())
        if size == 0:
            raise FieldValueError("file_empty")
        return Staged(path=path, sha256=digest.hexdigest(), size=size)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _changed_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return float("inf")


def _keep_name(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
