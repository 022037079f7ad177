"""Takes texts, flags, lists, labels out of nodes. A node of the wrong kind counts as absent: the shape check tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from metamodel.field_types import FieldTypeRegistry, FieldValueError, ValueContext
from metamodel.source import LocatedText, Location, Problems
from metamodel.texts import Label
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

FindObject = Callable[[str | None, str], str | None]
"""The key of the object that a name means in an app's files; None for none, or for no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What readers need beside the node: the field types, how values are read, the first language, where to report.

    app_of: app folder name (first part of a file's path) → app name, to tell whose file a node stands in.
    """

    types: FieldTypeRegistry
    context: ValueContext
    language: str
    problems: Problems
    app_of: dict[str, str]

    def app(self, at: Location) -> str:
        """Name the app whose file a place is in."""
        folder = at.file.split("/", 1)[0]
        return self.app_of.get(folder, folder)


def as_hint(error: FieldValueError) -> str:
    """Give what is wrong with a value as the second half of a problem's sentence."""
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


def located(node: Node | None) -> LocatedText | None:
    """Give a scalar's text with places."""
    return node.located if isinstance(node, Scalar) and node.value is not None else None


def word(node: Node | None) -> str | None:
    """Give a scalar's text."""
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def flag(node: Node | None, *, default: bool = False) -> bool:
    """Give a boolean."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, bool) else default


def integer(node: Node | None) -> int | None:
    """Give a whole number."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def entries(node: Node | None) -> tuple[Entry, ...]:
    """Give the keys and values of a mapping."""
    return node.entries if isinstance(node, Mapping) else ()


def child(node: Node | None, key: str) -> Node | None:
    """Give the value of a key of a mapping."""
    return node.get(key) if isinstance(node, Mapping) else None


def items(node: Node | None) -> tuple[Node, ...]:
    """Give the values of a list."""
    return node.items if isinstance(node, Sequence) else ()


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Give the single values of a list, or the one that stands in its place."""
    if isinstance(node, Scalar) and node.value is not None:
        yield node
    for item in items(node):
        if isinstance(item, Scalar) and item.value is not None:
            yield item


def words(node: Node | None) -> tuple[str, ...]:
    """Give the texts of a list."""
    return tuple(scalar.text for scalar in scalars(node))


def located_list(node: Node | None) -> tuple[LocatedText, ...]:
    """Give the located texts of a list."""
    return tuple(scalar.located for scalar in scalars(node))


def label(node: Node | None, language: str) -> Label | None:
    """Give a text for people: a bare one in the first language, or one a language, the first language first."""
    if isinstance(node, Scalar):
        return Label(texts=((language, node.located),), first=language) if node.value is not None else None
    if not isinstance(node, Mapping):
        return None
    found = [(key.text, value.located) for key, value in node.entries if isinstance(value, Scalar)]
    if found and found[0][0] != language:
        found.sort(key=lambda pair: pair[0] != language)
    return Label(texts=tuple(found), first=language) if found else None
