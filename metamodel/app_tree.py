"""The parsed files of one app, by kind: nodes that passed through the YAML reader, not yet definitions."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, replace

from metamodel.folder import AppFiles, FileKind
from metamodel.object_templating import with_template
from metamodel.shape_check import ShapeCheck
from metamodel.source import LocatedText, Location, Problems
from metamodel.yaml_nodes import Mapping, SourceText
from metamodel.yaml_source import Words, read_yaml

_NO_YAML = (
    FileKind.APP, FileKind.TEMPLATE, FileKind.DATA_CSV, FileKind.TABLE_CSV, FileKind.RULES, FileKind.ACCESS
)  # fmt: skip
_YAML_KINDS = tuple(kind for kind in FileKind if kind not in _NO_YAML)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTree:
    """A template file: its front matter and the text below."""

    name: str
    front: Mapping
    body: LocatedText


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTree:
    """An app's files: app.yaml, the other YAML files by kind, templates, and the texts that other layers read.

    unreadable: names (of the files) of objects whose files could not be read.
    """

    name: str
    folder: str
    app: Mapping
    files: AbstractMapping[FileKind, tuple[Mapping, ...]]
    templates: tuple[TemplateTree, ...] = ()
    rule_files: tuple[LocatedText, ...] = ()
    data_files: tuple[LocatedText, ...] = ()
    table_files: tuple[LocatedText, ...] = ()
    unreadable: frozenset[str] = frozenset()


def read_app_tree(files: AppFiles, shapes: ShapeCheck, problems: Problems) -> AppTree | None:
    """Parse all files of an app and check their shapes; None where it has no app.yaml that can be read.

    Problems: APP1xx of the YAML reader, APP301 no app.yaml, APP303 not a mapping.
    """
    words = Words()
    app = _mapping_of(f"{files.folder}/app.yaml", files.texts.get("app.yaml"), problems, words)
    app = shapes.check(FileKind.APP, app) if app is not None else None
    if "app.yaml" not in files.texts:
        problems.report("APP301", "the folder has no app.yaml", Location(file=f"{files.folder}/app.yaml"))
    trees: dict[FileKind, tuple[Mapping, ...]] = {
        kind: tuple(
            shapes.check(kind, with_template(node, problems) if kind is FileKind.OBJECT else node)
            for file, text in files.of_kind(kind)
            if (node := _mapping_of(file, text, problems, words)) is not None
        )
        for kind in _YAML_KINDS
    }
    templates = tuple(
        replace(tree, front=shapes.check(FileKind.TEMPLATE, tree.front))
        for file, text in files.of_kind(FileKind.TEMPLATE)
        if (tree := _template(file, text, problems, words)) is not None
    )
    if app is None:
        return None
    name = app.get("app")
    return AppTree(
        name=str(getattr(name, "text", "")) or files.folder,
        folder=files.folder,
        app=app,
        files=trees,
        templates=templates,
        rule_files=_texts(files, FileKind.RULES),
        data_files=_texts(files, FileKind.DATA, FileKind.DATA_CSV),
        table_files=_texts(files, FileKind.TABLE_CSV),
        unreadable=_unreadable_objects(files, trees[FileKind.OBJECT]),
    )


def _unreadable_objects(files: AppFiles, nodes: tuple[Mapping, ...]) -> frozenset[str]:
    read = {node.source.file for node in nodes if node.get("object") is not None}
    paths = (file for file, _ in files.of_kind(FileKind.OBJECT) if file not in read)
    return frozenset(path.rsplit("/", 1)[-1].removesuffix(".yaml") for path in paths)


def _texts(files: AppFiles, *kinds: FileKind) -> tuple[LocatedText, ...]:
    return tuple(LocatedText(text=text, at=Location(file=file)) for file, text in files.of_kind(*kinds))


def _mapping_of(
    file: str, text: str | None, problems: Problems, words: Words, *, line_offset: int = 0
) -> Mapping | None:
    if text is None:
        return None
    node = read_yaml(SourceText(file, text), problems, line_offset=line_offset, words=words)
    if isinstance(node, Mapping):
        return node
    if node is not None or not text.strip():
        at = node.at if node is not None else Location(file=file)
        is_empty = node is None
        message = "this file is empty" if is_empty else "this file must be a mapping of keys to values"
        problems.report("APP303", message, at)
    return None


def _template(file: str, text: str, problems: Problems, words: Words) -> TemplateTree | None:
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in (line.rstrip() for line in lines[1:]):
        problems.report(
            "APP304", "a template starts with its front matter between two lines '---'", Location(file=file)
        )
        return None
    end = next(number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == "---")
    front = _mapping_of(file, "\n".join(lines[1:end]) or "{}", problems, words, line_offset=1)
    if front is None:
        return None
    body = LocatedText(text="\n".join(lines[end + 1 :]), at=Location(file=file, line=end + 2))
    name = file.rsplit("/", 1)[-1].removesuffix(".md")
    return TemplateTree(name=name, front=front, body=body)
