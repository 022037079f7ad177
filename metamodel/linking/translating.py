"""Puts the texts of translations/*.yaml beside those written inline: works on nodes, so that readers see one label.

A translation file has the keys of the app's own files; where a label stands there, it has a text:
`objects: {deal: {label: 商机, fields: {name: 名称, stage: {label: 阶段, options: {won: 赢单}}}}}`.
"""

from __future__ import annotations

from collections.abc import Iterable

from metamodel.names import did_you_mean
from metamodel.source import Problems
from metamodel.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence

_TEXT_KEYS = frozenset(("label", "plural", "help", "message", "tip"))


class Translator:
    """Adds the texts of one language; `first` is the language of labels written as a bare text."""

    def __init__(self, language: str, first: str, problems: Problems) -> None:
        self._language = language
        self._first = first
        self._problems = problems

    def translate(self, node: Node, texts: Node) -> Node:
        """Give a definition's node with the texts of a translation's node put in.

        Problems: APP461 a key that the definition does not have.
        """
        if isinstance(texts, Scalar):
            return self._with_label(node, texts)
        if not isinstance(texts, Mapping):
            return node
        for key, value in texts.items():
            node = self._put(node, key, value)
        return node

    def _put(self, node: Node, key: Scalar, value: Node) -> Node:
        if isinstance(node, Sequence):
            return self._put_in_list(node, key, value)
        if not isinstance(node, Mapping):
            return node
        if key.text in _TEXT_KEYS and isinstance(value, Scalar):
            return _set(node, key, self._merged(node.get(key.text), value))
        inner = node.get(key.text)
        if inner is None:
            self._unknown(key, (entry.key.text for entry in node.entries))
            return node
        if key.text == "options":
            inner = _with_keys(inner)
        return _set(node, key, self.translate(inner, value))

    def _put_in_list(self, node: Sequence, key: Scalar, value: Node) -> Node:
        """What stands in a list goes by its `name`, such as a validation, else by its label in the first language."""
        names = [self._called(item) for item in node.items]
        if key.text not in names:
            self._unknown(key, filter(None, names))
            return node
        number = names.index(key.text)
        put = self._with_message(node.items[number], value)
        return node._replace(items=(*node.items[:number], put, *node.items[number + 1 :]))

    def _called(self, item: Node) -> str:
        name = item.get("name") if isinstance(item, Mapping) else None
        label = item.get("label") if isinstance(item, Mapping) and name is None else name
        found = label.get(self._first) if isinstance(label, Mapping) else label
        return found.text if isinstance(found, Scalar) else ""

    def _with_message(self, node: Node, value: Node) -> Node:
        if isinstance(node, Mapping) and isinstance(value, Scalar) and node.get("message") is not None:
            key = node.key("message")
            assert key is not None
            return _set(node, key, self._merged(node.get("message"), value))
        return self.translate(node, value)

    def _with_label(self, node: Node, text: Scalar) -> Node:
        if isinstance(node, Scalar):
            return self._merged(node, text)
        if isinstance(node, Mapping):
            key = Scalar(text.source, "label", "label", text.line, text.column, text.start, text.end)
            return _set(node, key, self._merged(node.get("label"), text))
        return node

    def _merged(self, label: Node | None, text: Scalar) -> Node:
        written: tuple[Entry, ...] = ()
        if isinstance(label, Scalar) and label.value is not None:
            written = (Entry(_key(self._first, label), label),)
        elif isinstance(label, Mapping):
            written = label.entries
        if any(entry.key.text == self._language for entry in written):
            return label if label is not None else text
        return Mapping(text.source, (*written, Entry(_key(self._language, text), text)), text.line, text.column)

    def _unknown(self, key: Scalar, known: Iterable[str]) -> None:
        message = f"there is no '{key.text}' here to translate"
        hint = did_you_mean(key.text, known)
        self._problems.report("APP461", message, key.at, hint=hint, length=key.length)


def _key(text: str, at: Scalar) -> Scalar:
    return Scalar(at.source, text, text, at.line, at.column, at.start, at.end)


def _with_keys(options: Node) -> Node:
    """Give options that are written as bare names or bare labels with keys, so that a label can be put among them."""
    if isinstance(options, Sequence):
        return Mapping(
            options.source,
            tuple(Entry(item, _labelled(None, item)) for item in options.items if isinstance(item, Scalar)),
            options.line,
            options.column,
        )
    if not isinstance(options, Mapping):
        return options
    return options._replace(
        entries=tuple(
            Entry(e.key, _labelled(e.value, e.key) if isinstance(e.value, Scalar) else e.value) for e in options.entries
        )
    )


def _labelled(label: Scalar | None, at: Scalar) -> Mapping:
    written = () if label is None or label.value is None else (Entry(_key("label", label), label),)
    return Mapping(at.source, written, at.line, at.column)


def _set(node: Mapping, key: Scalar, value: Node) -> Mapping:
    if node.get(key.text) is None:
        return node._replace(entries=(*node.entries, Entry(key, value)))
    return node._replace(entries=tuple(Entry(e.key, value) if e.key.text == key.text else e for e in node.entries))
