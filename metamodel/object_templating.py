"""Puts the fields of `template: person | company | event | task` into an object's file before anything else reads it.

What a template gives is written in object_templates/*.yaml. All that comes from it stands, for messages, where the
object names the template; what the object says itself wins, key by key.
"""

from __future__ import annotations

from importlib import resources

from metamodel.names import did_you_mean
from metamodel.source import Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, SourceText
from metamodel.yaml_source import read_yaml

TEMPLATES = ("person", "company", "event", "task")


def with_template(node: Mapping, problems: Problems) -> Mapping:
    """Give an object's file with what its template adds; the file itself where it names none that is known.

    Problems: OBJ266 a field left out that the template does not have.
    """
    written = node.get("template")
    named = written.get("name") if isinstance(written, Mapping) else written
    if not isinstance(named, Scalar) or named.text not in TEMPLATES:
        return node
    template = _read(named.text, named)
    without = _left_out(written, template, problems)
    own = _fields(node)
    offered = [entry for entry in _fields(template).entries if entry.key.text not in without]
    fields = [_merged(entry, own) for entry in offered]
    given = {entry.key.text for entry in offered}
    fields += [entry for entry in own.entries if entry.key.text not in given]
    key = node.key("fields") or named._replace(text="fields", value="fields", end=len("fields"))
    entries = [entry for entry in node.entries if entry.key.text != "fields"]
    entries.append(Entry(key, own._replace(entries=tuple(fields))))
    entries += _heading(node, template, {entry.key.text for entry in fields})
    return node._replace(entries=tuple(entries))


def _read(name: str, at: Scalar) -> Mapping:
    text = (resources.files("metamodel") / "object_templates" / f"{name}.yaml").read_text("utf-8")
    template = _placed(read_yaml(SourceText(f"{name}.yaml", text), Problems()), at)
    assert isinstance(template, Mapping)
    return template


def _placed(node: Node | None, at: Scalar) -> Node | None:
    """Give a node of a template as if all of it stood where the template is named."""
    if isinstance(node, Scalar):
        return node._replace(source=at.source, line=at.line, column=at.column, start=0, end=len(node.text), style="")
    if isinstance(node, Sequence):
        items = tuple(_placed(item, at) for item in node.items)
        return Sequence(at.source, items, at.line, at.column)  # type: ignore[arg-type]
    if isinstance(node, Mapping):
        entries = tuple(Entry(_placed(e.key, at), _placed(e.value, at)) for e in node.entries)  # type: ignore[arg-type]
        return Mapping(at.source, entries, at.line, at.column)
    return node


def _fields(node: Mapping) -> Mapping:
    fields = node.get("fields")
    return fields if isinstance(fields, Mapping) else Mapping(node.source, (), node.line, node.column)


def _left_out(written: Node | None, template: Mapping, problems: Problems) -> set[str]:
    named = written.get("without") if isinstance(written, Mapping) else None
    known = [entry.key.text for entry in _fields(template).entries]
    found = [item for item in named.items if isinstance(item, Scalar)] if isinstance(named, Sequence) else []
    for item in found:
        if item.text not in known:
            message = f"'{item.text}' is not a field of the template"
            hint = did_you_mean(item.text, known) or f"it has {', '.join(known)}"
            problems.report("OBJ266", message, item.at, hint=hint, length=item.length)
    return {item.text for item in found}


def _merged(given: Entry, own: Mapping) -> Entry:
    """Give a template's field with what the object says of it: some keys, or with another type all of it."""
    said = own.get(given.key.text)
    key = own.key(given.key.text) or given.key
    if said is None or not isinstance(said, Mapping) or not isinstance(given.value, Mapping):
        return Entry(key, given.value if said is None else said)
    kind, usual = said.get("type"), given.value.get("type")
    if isinstance(kind, Scalar) and isinstance(usual, Scalar) and kind.text != usual.text:
        return Entry(key, said)
    rest = tuple(entry for entry in given.value.entries if said.get(entry.key.text) is None)
    return Entry(key, said._replace(entries=(*said.entries, *rest)))


def _heading(node: Mapping, template: Mapping, fields: set[str]) -> list[Entry]:
    """Give the template's title, search and icon where the object has none, without fields that were left out."""
    found = []
    for entry in template.entries:
        if entry.key.text == "fields" or node.get(entry.key.text) is not None:
            continue
        if isinstance(entry.value, Sequence):
            items = tuple(item for item in entry.value.items if isinstance(item, Scalar) and item.text in fields)
            found.append(Entry(entry.key, entry.value._replace(items=items)))
        elif not (
            entry.key.text == "title" and isinstance(entry.value, Scalar) and entry.value.text[1:-1] not in fields
        ):
            found.append(entry)
    return found
