"""Applies translation files to the nodes of apps: objects, option sets, roles, menus, settings and the app itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.app_tree import AppTree
from metamodel.folder import FileKind
from metamodel.linking.object_names import ObjectNames
from metamodel.linking.translating import Translator
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, entries, word
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping as MappingNode

_HEADED = ((FileKind.ROLE, "role", "roles"), (FileKind.OPTION_SET, "option_set", "option_sets"))


def translate_objects(
    merged: Mapping[str, MappingNode], trees: list[AppTree], names: ObjectNames, first: str, problems: Problems
) -> dict[str, MappingNode]:
    """Give the merged nodes of objects with the texts of all translation files.

    Problems: OBJ201, OBJ202, APP461.
    """
    translated = dict(merged)
    for tree in trees:
        for file in tree.files[FileKind.TRANSLATION]:
            translator = _translator(file, first, problems)
            for entry in entries(file.get("objects")):
                key = names.resolve(entry.key.text, tree.name, entry.key.at, problems)
                if key is not None:
                    node = translator.translate(translated[key], entry.value)
                    translated[key] = node if isinstance(node, MappingNode) else translated[key]
    return translated


def translate_trees(trees: list[AppTree], first: str, problems: Problems) -> list[AppTree]:
    """Give the apps with the texts of their own translation files in roles, option sets, menus, settings, app.yaml.

    Problems: APP461.
    """
    return [_translate_tree(tree, first, problems) for tree in trees]


def _translate_tree(tree: AppTree, first: str, problems: Problems) -> AppTree:
    for file in tree.files[FileKind.TRANSLATION]:
        translator = _translator(file, first, problems)
        files = dict(tree.files)
        for kind, head, part in _HEADED:
            files[kind] = _translate_headed(files[kind], head, file.get(part), translator, problems)
        menus = file.key("menus")
        if menus is not None:
            files[FileKind.MENUS] = tuple(_only(file, "menus", node, translator) for node in files[FileKind.MENUS])
        app = _only(file, "settings", tree.app, translator)
        texts = file.get("app")
        if texts is not None:
            translated = translator.translate(app, texts)
            app = translated if isinstance(translated, MappingNode) else app
        tree = replace(tree, app=app, files=files)
    return tree


def _translator(file: MappingNode, first: str, problems: Problems) -> Translator:
    stem = file.source.file.rsplit("/", 1)[-1].removesuffix(".yaml")
    return Translator(word(file.get("language")) or stem, first, problems)


def _only(file: MappingNode, part: str, node: MappingNode, translator: Translator) -> MappingNode:
    """Translate the part of a definition that stands under the same key in the translation file."""
    key, texts = file.key(part), file.get(part)
    if key is None or texts is None:
        return node
    only = MappingNode(file.source, tuple(e for e in file.entries if e.key.text == part), file.line, file.column)
    translated = translator.translate(node, only)
    return translated if isinstance(translated, MappingNode) else node


def _translate_headed(
    nodes: tuple[MappingNode, ...], head: str, texts: object, translator: Translator, problems: Problems
) -> tuple[MappingNode, ...]:
    if not isinstance(texts, MappingNode):
        return nodes
    names = [word(node.get(head)) or "" for node in nodes]
    for key, _ in texts.items():
        if key.text not in names:
            what = head.replace("_", " ")
            message = f"'{key.text}' is not one of the app's {what}s"
            problems.report("APP461", message, key.at, hint=did_you_mean(key.text, names), length=key.length)
    found = []
    for node, name in zip(nodes, names, strict=True):
        value = child(texts, name)
        translated = translator.translate(node, value) if value is not None else node
        found.append(translated if isinstance(translated, MappingNode) else node)
    return tuple(found)
