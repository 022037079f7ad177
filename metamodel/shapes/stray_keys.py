"""Finds keys nobody meant: what follows an unquoted comma in a text inside { } is read as a key without a value."""

from __future__ import annotations

from metamodel.source import Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence


def without_stray_keys(node: Mapping, problems: Problems) -> Mapping:
    """Report every stray key of a file and give the file's node without them.

    Problems: APP207.
    """
    if not _may_have_strays(node):
        return node
    cleaned = _clean(node, problems)
    assert isinstance(cleaned, Mapping)
    return cleaned


def _may_have_strays(root: Node) -> bool:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting += [item for item in node.items if not isinstance(item, Scalar)]
        elif isinstance(node, Mapping):
            for _, value in node.entries:
                if not isinstance(value, Scalar):
                    waiting.append(value)
                elif node.flow and not value.text and not value.style:
                    return True
    return False


def _clean(node: Node, problems: Problems) -> Node:
    if isinstance(node, Sequence):
        return node._replace(items=tuple(_clean(item, problems) for item in node.items))
    if not isinstance(node, Mapping):
        return node
    kept: list[Entry] = []
    is_told = False
    for entry in node.entries:
        if not (node.flow and _has_no_colon(entry)):
            kept.append(Entry(entry.key, _clean(entry.value, problems)))
            is_told = False
        elif not is_told:
            # A text with three commas leaves three keys; one problem says it all.
            _report(entry.key, kept[-1] if kept else None, problems)
            is_told = True
    return node._replace(entries=tuple(kept))


def _has_no_colon(entry: Entry) -> bool:
    value = entry.value
    if not isinstance(value, Scalar) or value.text or value.style:
        return False
    return not entry.key.source.text[entry.key.end :].lstrip().startswith(":")


def _report(key: Scalar, before: Entry | None, problems: Problems) -> None:
    if before is None:
        message = f"'{key.text}' stands where a key with a value is expected"
        hint = "write 'key: value', or a list in [ ]"
    else:
        name = before.key.text
        message = f"'{key.text}' is read as a key of its own, because a comma ends the text of '{name}' before it"
        hint = f"put the whole text of '{name}' in quotes"
    problems.report("APP207", message, key.at, hint=hint, length=key.length)
