"""Reads the texts of app folders again, so that problems can be shown with their source lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from metamodel.folder import core_files, join_sources, read_app_files
from metamodel.source import Problems


def texts_of_folders(folders: Iterable[Path | str]) -> Mapping[str, str]:
    """Give file → text as problems name files; what cannot be read is absent."""
    ignored = Problems()
    return join_sources([core_files(ignored), *(read_app_files(Path(folder), ignored) for folder in folders)])
