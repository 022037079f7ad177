"""The app folder a file belongs to, with the unsaved texts of an editor in place of the saved ones, and its check.

What could be linked last stays at hand while a file is broken, so that completion goes on working.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from engine.releases.candidate import Language, check_linked
from metamodel.apps import Metamodel
from metamodel.folder import core_files, join_sources, read_app_files
from metamodel.linking.app_order import CORE
from metamodel.loader import link_sources
from metamodel.source import Location, Problem, Problems
from metamodel.yaml_nodes import SourceText
from metamodel.yaml_source import read_yaml

_LEVELS = 4


@dataclass(slots=True, kw_only=True)
class OpenApp:
    """One app being edited: its folder, those it depends on, and what its last check gave."""

    folders: Mapping[str, Path]
    metamodel: Metamodel | None = None
    problems: tuple[Problem, ...] = ()
    told: frozenset[str] = frozenset()

    def path_of(self, at: Location) -> Path:
        """Give the file of a place."""
        folder, _, inside = at.file.partition("/")
        return self.folders[folder] / inside


@dataclass(slots=True, kw_only=True)
class AppsOnDisk:
    """All apps that an editor has files of."""

    language: Language
    buffers: dict[Path, str] = field(default_factory=dict)
    apps: dict[Path, OpenApp] = field(default_factory=dict)

    def app_of(self, path: Path) -> OpenApp | None:
        """Give the app that a file belongs to; None for a file outside of any."""
        root = next((parent for parent in list(path.parents)[:_LEVELS] if (parent / "app.yaml").exists()), None)
        if root is None:
            return None
        if root not in self.apps:
            self.apps[root] = OpenApp(folders=_folders(root))
        return self.apps[root]

    def check(self, app: OpenApp) -> None:
        """Check an app as the editor has it now."""
        ignored = Problems()
        files = [read_app_files(folder, ignored) for name, folder in app.folders.items() if name != CORE]
        sources = join_sources([core_files(ignored), *files])
        for path, text in self.buffers.items():
            for name, folder in app.folders.items():
                if path.is_relative_to(folder):
                    sources[f"{name}/{path.relative_to(folder).as_posix()}"] = text
        metamodel, problems = link_sources(sources, self.language.field_types)
        app.metamodel = metamodel if metamodel is not None and metamodel.objects else app.metamodel
        app.problems = tuple(check_linked(metamodel, problems, self.language).problems)


def _folders(root: Path) -> dict[str, Path]:
    """Give the folders of an app, of those it depends on that lie beside it, and of core."""
    found = {CORE: Path(str(resources.files("metamodel") / "core"))}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if folder.name in found:
            continue
        found[folder.name] = folder
        waiting += [folder.parent / name for name in _depends(folder) if (folder.parent / name / "app.yaml").exists()]
    # The app itself stands last: it is the main one.
    found[root.name] = found.pop(root.name)
    return found


def _depends(folder: Path) -> list[str]:
    try:
        text = (folder / "app.yaml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    written = read_yaml(SourceText("app.yaml", text), Problems())
    plain = None if written is None else written.plain
    depends = plain.get("depends") if isinstance(plain, dict) else None
    return [str(name) for name in depends] if isinstance(depends, dict | list) else []
