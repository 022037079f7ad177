"""Applies translation files to the nodes of apps: objects, and every other file that has labels.

Rules are no nodes: what a translation file calls them is kept beside their texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.app_tree import AppTree
from metamodel.folder import FileKind
from metamodel.linking.object_names import ObjectNames
from metamodel.linking.translating import Translator
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, entries, located, word
from metamodel.source import LocatedText, Problems
from metamodel.texts import Label
from metamodel.yaml_nodes import Mapping as MappingNode

# Files of one definition each: what names it in its file, and the key of its texts in a translation file.
_HEADED = (
    (FileKind.ROLE, "role", "roles"),
    (FileKind.OPTION_SET, "option_set", "option_sets"),
    (FileKind.CALENDAR, "calendar", "calendars"),
    (FileKind.REPORT, "report", "reports"),
    (FileKind.DASHBOARD, "dashboard", "dashboards"),
    (FileKind.FORM, "form", "forms"),
    (FileKind.CONVERSION, "conversion", "conversions"),
    (FileKind.SLA, "sla", "sla"),
    (FileKind.TARGET, "target", "targets"),
    (FileKind.CONNECTOR, "connector", "connectors"),
)
# Files of many, under the same key in both.
_UNDER = (
    (FileKind.MENUS, ("menus",)),
    (FileKind.ORGANIZATION, ("teams", "queues", "territories")),
    (FileKind.CURRENCIES, ("currencies",)),
)


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
    """Give the apps with the texts of their own translation files in all files but objects and extensions.

    Problems: APP461.
    """
    return [_translate_tree(tree, first, problems) for tree in trees]


def _translate_tree(tree: AppTree, first: str, problems: Problems) -> AppTree:
    for file in tree.files[FileKind.TRANSLATION]:
        translator = _translator(file, first, problems)
        files = dict(tree.files)
        for kind, head, part in _HEADED:
            files[kind] = _translate_headed(files[kind], head, file.get(part), translator, problems)
        for kind, parts in _UNDER:
            for part in parts:
                files[kind] = tuple(_only(file, part, node, translator) for node in files[kind])
        app = _only(file, "settings", tree.app, translator)
        texts = file.get("app")
        if texts is not None:
            translated = translator.translate(app, texts)
            app = translated if isinstance(translated, MappingNode) else app
        tree = replace(tree, app=app, files=files)
    return tree


def rule_labels(tree: AppTree, first: str) -> dict[str, Label]:
    """Give what an app's translation files call its rules, by rule; whether there are such rules is checked later."""
    texts: dict[str, list[tuple[str, LocatedText]]] = {}
    for file in tree.files[FileKind.TRANSLATION]:
        for entry in entries(file.get("rules")):
            if (text := located(entry.value)) is not None:
                texts.setdefault(entry.key.text, []).append((_language(file), text))
    return {name: Label(texts=tuple(found), first=first) for name, found in texts.items()}


def _language(file: MappingNode) -> str:
    return word(file.get("language")) or file.source.file.rsplit("/", 1)[-1].removesuffix(".yaml")


def _translator(file: MappingNode, first: str, problems: Problems) -> Translator:
    return Translator(_language(file), first, problems)


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
            what = "service clock" if head == "sla" else head.replace("_", " ")
            message = f"'{key.text}' is not one of the app's {what}s"
            problems.report("APP461", message, key.at, hint=did_you_mean(key.text, names), length=key.length)
    found = []
    for node, name in zip(nodes, names, strict=True):
        value = child(texts, name)
        translated = translator.translate(node, value) if value is not None else node
        found.append(translated if isinstance(translated, MappingNode) else node)
    return tuple(found)
