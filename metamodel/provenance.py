"""Says where each part of an object's definition comes from: its own file, and the extensions that add or override.

Works on the files as written, by the same order of priority as the merge; what a part means is not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from metamodel.app_tree import AppTree, read_app_tree
from metamodel.field_types import FieldTypeRegistry
from metamodel.folder import FileKind, split_sources
from metamodel.linking.app_order import order_apps, visible_apps
from metamodel.linking.merging import GROWING_PARTS, priority
from metamodel.linking.object_names import ObjectNames
from metamodel.names import did_you_mean
from metamodel.reading.node_values import word
from metamodel.schema_set import SchemaSet
from metamodel.shape_check import ShapeCheck
from metamodel.source import Location, Problems
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one file says of one part: the app, the place, the value as written; priority is None for the owner."""

    app: str
    at: Location
    value: str
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a definition (`fields.website.required`) and all that was said of it; the last statement holds.

    is_list: whether the statements add up instead.
    """

    path: str
    statements: tuple[Statement, ...]
    is_list: bool = False

    @property
    def is_overridden(self) -> bool:
        """Whether a later statement takes the place of an earlier one."""
        return len(self.statements) > 1 and not self.is_list


class UnknownDefinition(LookupError):
    """No object, or no part of it, has the name that was asked for."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"there is no definition '{name}'" + (f"; {hint}" if hint else ""))


def explain_definition(sources: Mapping[str, str], name: str, types: FieldTypeRegistry) -> tuple[Part, ...]:
    """Give the parts of an object (`account`), or of one of its parts (`account.website`, `account.views.mine`).

    sources: texts by `folder/path`, core included.

    Raises:
        UnknownDefinition: nothing has that name.
    """
    trees = _trees(sources, types)
    object_name, rest = _split(name, trees)
    written = [(app, at_priority, node) for app, at_priority, node in _files_of(object_name, trees)]
    if not written:
        known = {word(node.get("object")) or "" for tree in trees for node in tree.files[FileKind.OBJECT]}
        raise UnknownDefinition(name, did_you_mean(object_name, known))
    parts: dict[str, list[Statement]] = {}
    lists: set[str] = set()
    for app, rank, node in written:
        for path, value in _leaves(node, ()):
            if path[0] in ("object", "extends", "priority"):
                continue
            shown = ".".join(path)
            if path[0] in GROWING_PARTS or (path[0] == "layout" and path[-1] in GROWING_PARTS):
                lists.add(shown)
            parts.setdefault(shown, []).append(Statement(app=app, at=value.at, value=_shown(value), priority=rank))
    found = tuple(
        Part(path=path, statements=tuple(said), is_list=path in lists)
        for path, said in parts.items()
        if not rest or _is_below(path, rest)
    )
    if not found:
        fields = {path.split(".")[1] for path in parts if path.startswith("fields.")}
        raise UnknownDefinition(name, did_you_mean(rest, fields))
    return found


def _is_below(path: str, wanted: str) -> bool:
    return any(path == start or path.startswith(f"{start}.") for start in (wanted, f"fields.{wanted}"))


def _trees(sources: Mapping[str, str], types: FieldTypeRegistry) -> list[AppTree]:
    ignored = Problems()
    shapes = ShapeCheck(SchemaSet(), types, ignored)
    read = (read_app_tree(files, shapes, ignored) for files in split_sources(sources))
    trees = {tree.name: tree for tree in read if tree is not None}
    return [trees[name] for name in order_apps({name: tree.app for name, tree in trees.items()}, ignored)]


def _split(name: str, trees: Iterable[AppTree]) -> tuple[str, str]:
    """Split `core.account.website` into the object and the part of it."""
    apps = {tree.name for tree in trees}
    first, _, rest = name.partition(".")
    if first in apps and rest:
        bare, _, inner = rest.partition(".")
        return f"{first}.{bare}", inner
    return first, rest


def _files_of(name: str, trees: list[AppTree]) -> Iterator[tuple[str, int | None, MappingNode]]:
    nodes = {tree.name: tree.app for tree in trees}
    keys: dict[tuple[str, str], str] = {}
    for tree in trees:
        for node in tree.files[FileKind.OBJECT]:
            bare = word(node.get("object")) or ""
            keys.setdefault((tree.name, bare), f"{tree.name}.{bare}" if bare in keys.values() else bare)
    names = ObjectNames(keys, {tree.name: visible_apps(tree.name, nodes) for tree in trees})
    key = next((found for tree in reversed(trees) if (found := names.find(name, tree.name))), None)
    for tree in trees:
        for node in tree.files[FileKind.OBJECT]:
            if keys.get((tree.name, word(node.get("object")) or "")) == key and key is not None:
                yield tree.name, None, node
    extensions = [
        (tree.name, priority(node), node)
        for tree in trees
        for node in tree.files[FileKind.EXTENSION]
        if key is not None and names.find(word(node.get("extends")) or "", tree.name) == key
    ]
    yield from sorted(extensions, key=lambda item: item[1])


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Go through what stands in a file: a mapping's keys as paths, lists as one value each."""
    if not isinstance(node, MappingNode) or _is_label(node):
        yield path, node
        return
    for key, value in node.entries:
        yield from _leaves(value, (*path, key.text))


def _is_label(node: MappingNode) -> bool:
    return bool(node.entries) and all(len(key.text) == 2 and isinstance(value, Scalar) for key, value in node.entries)


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return f"[{', '.join(_shown(item) for item in node.items)}]"
    return f"{{{', '.join(f'{key.text}: {_shown(value)}' for key, value in node.entries)}}}"
