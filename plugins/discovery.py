"""Where plugins may come from: the entry point group `fieldstone.plugins`, and the names of those shipped here.

It finds and imports; whether what it found is a good plugin is judged in `loading`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, resources
from types import ModuleType

ENTRY_POINT_GROUP = "fieldstone.plugins"
BUNDLED = ("email", "documents", "webhook", "sms", "iban", "sso")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin that may be loaded: `import_module` runs its code, `read_manifest` gives the text of its plugin.yaml."""

    name: str
    import_module: Callable[[], ModuleType]
    read_manifest: Callable[[ModuleType], str]


def bundled_candidates() -> tuple[Candidate, ...]:
    """Give the plugins shipped with the product, by name."""
    return tuple(_of_module(name, f"plugins.bundled.{name}") for name in BUNDLED)


def installed_candidates() -> tuple[Candidate, ...]:
    """Give the plugins of installed packages, sorted by name."""
    points = sorted(metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return tuple(_of_module(point.name, point.value) for point in points)


def _of_module(name: str, path: str) -> Candidate:
    return Candidate(name=name, import_module=lambda: importlib.import_module(path), read_manifest=_manifest_text)


def _manifest_text(module: ModuleType) -> str:
    return resources.files(module).joinpath("plugin.yaml").read_text(encoding="utf-8")
