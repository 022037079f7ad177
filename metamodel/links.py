"""Links between records, many to many: each `links` field becomes an object of its own, a row a link.

A row is part of the record whose field it was (`child_of`), looks up the other record, and has the link's attributes.
So links are stored, read, changed, judged and kept in history as all records are. What is special of them is small: a
link is seen only by who may read both sides, and `contains` and `is empty` ask for the other side (`InverseDef.other`).
"""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.names import MAX_NAME_LENGTH, RESERVED_WORDS
from metamodel.objects import SYSTEM_FIELDS
from metamodel.reading.node_values import child, entries, word
from metamodel.source import Problems
from metamodel.yaml_nodes import Entry, Node, Scalar, Sequence
from metamodel.yaml_nodes import Mapping as MappingNode

LINKS = "links"
LINK_KEYS = frozenset("type label help to inverse attributes where was".split())

Keyed = dict[str, tuple[tuple[str, str], MappingNode]]
"""Object key → (app, bare name) and the object's node."""


def with_link_objects(keyed: Mapping[str, tuple[tuple[str, str], MappingNode]], problems: Problems) -> Keyed:
    """Give the objects without their fields of type `links`, and with the objects that these stand for.

    Problems: OBJ271 a name that is too long, OBJ272 an object that has the name of the links.
    """
    found: Keyed = {}
    made: list[tuple[tuple[str, str], MappingNode]] = []
    for key, (owner, node) in keyed.items():
        fields = node.get("fields")
        links = [entry for entry in entries(fields) if _is_links(entry.value)]
        if links and isinstance(fields, MappingNode):
            names = {entry.key.text for entry in links}
            kept = fields._replace(entries=tuple(entry for entry in fields.entries if entry.key.text not in names))
            changed = tuple(
                Entry(entry.key, kept if entry.key.text == "fields" else entry.value) for entry in node.entries
            )
            made += [(owner, _link_object(key, owner, node, entry)) for entry in links]
            node = node._replace(entries=changed)
        found[key] = (owner, node)
    for owner, node in made:
        _add(found, owner, node, problems)
    return found


def _is_links(node: Node) -> bool:
    written = node.get("type") if isinstance(node, MappingNode) else None
    return isinstance(written, Scalar) and written.text == LINKS


def target_field(node: MappingNode) -> str | None:
    """Give the field of a link's object that looks up the other record; None for any other object."""
    return word(node.get("links"))


def _add(found: Keyed, owner: tuple[str, str], node: MappingNode, problems: Problems) -> None:
    name = node.get("object")
    assert isinstance(name, Scalar)
    if len(name.text) > MAX_NAME_LENGTH:
        message = f"the links would be called '{name.text}', which is longer than {MAX_NAME_LENGTH} characters"
        problems.report("OBJ271", message, name.at, hint="choose a shorter name for the field", length=name.length)
    elif any(taken == (owner[0], name.text) for taken, _ in found.values()):
        message = f"there is an object '{name.text}' already, as these links would be called"
        problems.report("OBJ272", message, name.at, hint="choose another name for the field", length=name.length)
    else:
        key = f"{owner[0]}.{name.text}" if name.text in found else name.text
        found[key] = ((owner[0], name.text), node)


def _link_object(key: str, owner: tuple[str, str], node: MappingNode, entry: Entry) -> MappingNode:
    """Write the object of a field's links; all of it stands, for messages, where the field does."""
    at, field = entry.key, entry.value
    to = child(field, "to")
    targets = to if isinstance(to, Scalar) else at._replace(text="", value=None)
    bare = targets.text.rpartition(".")[2] or "other"
    taken = {owner[1], *SYSTEM_FIELDS, *(each.text for each, _ in entries(child(field, "attributes")))}
    other = f"linked_{bare}" if bare in taken or bare in RESERVED_WORDS else bare
    inverse = child(field, "inverse") or _plural(node, owner[1], at)
    above = _mapping(at, type="child_of", to=owner[1], inverse=at.text, required=True, label=node.get("label"))
    beside = _mapping(
        at, type="lookup", to=targets, required=True, on_delete="cascade", inverse=inverse, where=child(field, "where")
    )
    attributes = [Entry(each, _mapping(each, type=kind)) for each, kind in entries(child(field, "attributes"))]
    fields = (Entry(_scalar(at, owner[1]), above), Entry(_scalar(at, other), beside), *attributes)
    unique = Sequence(at.source, (_scalar(at, owner[1]), _scalar(at, other)), at.line, at.column)
    return _mapping(
        at,
        object=f"{owner[1]}_{at.text}",
        label=child(field, "label"),
        title="{" + other + "}",
        links=other,
        fields=MappingNode(at.source, fields, at.line, at.column),
        unique=Sequence(at.source, (unique,), at.line, at.column),
    )


def _plural(node: MappingNode, name: str, at: Scalar) -> Scalar:
    plural = child(node.get("plural"), "en")
    words = plural if isinstance(plural, Scalar) else node.get("plural")
    made = "_".join(words.text.lower().split()) if isinstance(words, Scalar) and words.text.isascii() else f"{name}s"
    return _scalar(at, made)


def _scalar(at: Scalar, text: str | bool) -> Scalar:
    written = text if isinstance(text, str) else "true"
    return at._replace(text=written, value=text, start=0, end=len(written), style="")


def _mapping(at: Scalar, **parts: Node | str | bool | None) -> MappingNode:
    pairs = (
        Entry(_scalar(at, name), _scalar(at, value) if isinstance(value, str | bool) else value)
        for name, value in parts.items()
        if value is not None
    )
    return MappingNode(at.source, tuple(pairs), at.line, at.column)
