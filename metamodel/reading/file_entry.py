"""Reads which files a field takes: `accept`, `max_size`, `max_files`, `camera`."""

from __future__ import annotations

from collections.abc import Callable

from metamodel.content_types import read_accepted, read_size
from metamodel.fields import FileLimits
from metamodel.reading.node_values import flag, integer, words
from metamodel.yaml_nodes import Node, Scalar


def read_file_limits(written: Callable[[str], Node | None]) -> FileLimits:
    """Read the limits; what is no ending, type or size is left out here and told by the check of fields."""
    size = written("max_size")
    return FileLimits(
        accept=tuple(found for word in words(written("accept")) if (found := read_accepted(word)) is not None),
        max_size=read_size(size.text) if isinstance(size, Scalar) else None,
        max_files=integer(written("max_files")),
        camera=flag(written("camera")),
    )
