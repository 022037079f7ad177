"""Loads app folders into one linked metamodel, or says all that is wrong with them.

Order of work: files → nodes → shapes → app order → objects with their extensions → relations, roll-ups, defaults →
references. Every step goes on after a problem, so that one pass shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from metamodel.app_tree import AppTree, read_app_tree
from metamodel.apps import Metamodel
from metamodel.field_types import FieldTypeRegistry, standard_field_types
from metamodel.folder import AppFiles, core_files, join_sources, read_app_files, split_sources
from metamodel.linking.app_order import CORE, order_apps
from metamodel.linking.assembling import assemble
from metamodel.reference_check import check_references
from metamodel.schema_set import SchemaSet
from metamodel.shape_check import ShapeCheck
from metamodel.source import Location, Problems


def load_metamodel(
    folders: Iterable[Path | str], types: FieldTypeRegistry | None = None
) -> tuple[Metamodel | None, Problems]:
    """Load app folders, with the app core, into one metamodel; None where there is an error.

    The last folder given is the main app unless another one depends on it.
    types: the field types, the product's own by default.
    """
    return _sound(link_folders(folders, types))


def load_sources(
    sources: Mapping[str, str], types: FieldTypeRegistry | None = None
) -> tuple[Metamodel | None, Problems]:
    """Load apps from texts by `folder/path`, as `Metamodel.sources` holds them; core is added where it is absent."""
    return _sound(link_sources(sources, types))


def link_folders(
    folders: Iterable[Path | str], types: FieldTypeRegistry | None = None
) -> tuple[Metamodel | None, Problems]:
    """Load app folders and give what could be linked, mistakes or not, so that more of it can be checked."""
    problems = Problems()
    files = [read_app_files(Path(folder), problems) for folder in folders]
    return _load(files, types, problems), problems


def link_sources(
    sources: Mapping[str, str], types: FieldTypeRegistry | None = None
) -> tuple[Metamodel | None, Problems]:
    """Load apps from texts as `load_sources` does, and give what could be linked, mistakes or not."""
    problems = Problems()
    return _load(list(split_sources(sources)), types, problems), problems


def check_apps(folders: Iterable[Path | str], types: FieldTypeRegistry | None = None) -> Problems:
    """Check app folders and give all problems."""
    return load_metamodel(folders, types)[1]


def _sound(linked: tuple[Metamodel | None, Problems]) -> tuple[Metamodel | None, Problems]:
    metamodel, problems = linked
    return (None if problems.errors else metamodel), problems


def _load(files: list[AppFiles], types: FieldTypeRegistry | None, problems: Problems) -> Metamodel | None:
    if not any(app.folder == CORE for app in files):
        files = [core_files(problems), *files]
    known_types = types or standard_field_types()
    trees = _trees(files, ShapeCheck(SchemaSet(), known_types, problems), problems)
    nodes = {name: tree.app for name, tree in trees.items()}
    order = order_apps(nodes, problems)
    linked = assemble([trees[name] for name in order], known_types, join_sources(files), problems)
    if linked is None:
        return None
    check_references(linked, problems)
    return linked.metamodel


def _trees(files: Iterable[AppFiles], shapes: ShapeCheck, problems: Problems) -> dict[str, AppTree]:
    trees: dict[str, AppTree] = {}
    for app_files in files:
        tree = read_app_tree(app_files, shapes, problems)
        if tree is None:
            continue
        if tree.name in trees:
            message = f"two folders hold an app named '{tree.name}'"
            problems.report("APP305", message, Location(file=f"{app_files.folder}/app.yaml"))
        else:
            trees[tree.name] = tree
    return trees
