"""Find what must not be written: SQL as text, evaluated text, unsafe loaders, unescaped markup, script in attributes.

Reads Python by its syntax tree and templates by their text. It only finds; which finds are allowed, and why, stands
in tests/architecture/gate_reasons.yaml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.sources import enclosing_function

_OBJECT_KINDS = "table|index|schema|database|function|view|trigger|type|extension|sequence|role"
_SQL = re.compile(
    rf"""\s*(?:--[^\n]*\n\s*)*(?:
        select\s.*\sfrom\s | select\s+[\w.]+\( | with\s+(?:recursive\s+)?\w+.*\sas\s*\( |
        insert\s+(?:or\s+\w+\s+)?into\s+\S | update\s+\S+\s+set\s | delete\s+from\s+\S |
        (?:create|alter|drop)\s+(?:\w+\s+){{0,3}}(?:{_OBJECT_KINDS})\s+\S |
        (?:pragma|savepoint|vacuum|truncate)\s+\w |
        begin\s+(?:immediate|exclusive|deferred|transaction)
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# Words of our own rule language and of plain English too, so SQL only in capitals.
_SQL_IN_CAPITALS = re.compile(
    r"""\s*(?:
        (?:BEGIN|COMMIT|ROLLBACK)\s*;?\s*$ | SET\s+(?:LOCAL\s+|SESSION\s+)?\w+\s*(?:=|TO\b) |
        (?:LISTEN|NOTIFY)\s+\w+\s*(?:[,;]|$) | LOCK\s+TABLE\s
    )""",
    re.VERBOSE,
)
_SQLALCHEMY_TEXT = {"text", "literal_column", "DDL"}
_UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle"}
_UNSAFE_YAML = {"load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all"}
_SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}

_ATTRIBUTES = [
    ("hx-on", re.compile(r"(?<![\w-])(?:data-)?hx-on(?![\w])", re.IGNORECASE)),
    ("js: value", re.compile(r"""hx-[\w-]+\s*=\s*\\?["']?\s*(?:js|javascript):""", re.IGNORECASE)),
    ("js: value", re.compile(r"""(?:href|src|action|formaction)\s*=\s*\\?["']?\s*javascript:""", re.IGNORECASE)),
    ("event filter", re.compile(r"""hx-trigger\s*=\s*\\?["'][^"']*\[""", re.IGNORECASE)),
]
_TEMPLATE_ONLY = [
    ("|safe", re.compile(r"\|\s*safe\b")),
    ("|safe", re.compile(r"\{%-?\s*autoescape\s+false\b")),
    ("inline script", re.compile(r"<script(?![^>]*\ssrc\s*=)[^>]*>", re.IGNORECASE)),
    ("inline script", re.compile(r"""<[^>{}]*\son[a-z]+\s*=\s*["']""", re.IGNORECASE)),
    ("inline style", re.compile(r"""<style[\s>]|<[^>{}]*\sstyle\s*=\s*["']""", re.IGNORECASE)),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Name one forbidden use and where it is."""

    kind: str
    place: str
    line: int


def uses_in_python(source: str) -> list[Use]:
    """Find the forbidden uses in a Python module; their place is the innermost function."""
    tree = ast.parse(source)
    finder = _Finder(tree)
    found = {(kind, line) for node in ast.walk(tree) for kind, line in finder.uses_at(node)}
    return [
        Use(kind=kind, place=enclosing_function(tree, line), line=line)
        for kind, line in sorted(found, key=lambda use: (use[1], use[0]))
    ]


def uses_in_template(source: str) -> list[Use]:
    """Find the forbidden uses in an HTML template or page."""
    return [
        Use(kind=kind, place="template", line=source.count("\n", 0, match.start()) + 1)
        for kind, pattern in (*_ATTRIBUTES, *_TEMPLATE_ONLY)
        for match in pattern.finditer(source)
    ]


def uses_in_file(path: Path) -> list[Use]:
    """Find the forbidden uses in a file, by its suffix."""
    source = path.read_text(encoding="utf-8")
    return uses_in_python(source) if path.suffix == ".py" else uses_in_template(source)


class _Finder:
    """Judge single nodes of one module, knowing what it imported from where and which texts are docstrings."""

    def __init__(self, tree: ast.Module) -> None:
        self._origins = dict(_imported_names(tree))
        nodes = list(ast.walk(tree))
        documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        self._not_code = documentation | parts

    def uses_at(self, node: ast.AST) -> Iterator[tuple[str, int]]:
        """Give the kind and line of each forbidden use that this node itself is."""
        match node:
            case ast.Import(names=names):
                yield from (("pickle", node.lineno) for name in names if name.name.split(".")[0] in _UNSAFE_MODULES)
            case ast.ImportFrom(module=str(module)):
                if module.split(".")[0] in _UNSAFE_MODULES:
                    yield "pickle", node.lineno
            case ast.Call():
                yield from ((kind, node.lineno) for kind in self._call_kinds(node))
            case ast.JoinedStr():
                literal = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
                yield from ((kind, node.lineno) for kind in _text_kinds(literal, "f-string SQL"))
            case ast.Constant(value=str(value)) if id(node) not in self._not_code:
                yield from ((kind, node.lineno) for kind in _text_kinds(value, "literal SQL"))

    def _call_kinds(self, call: ast.Call) -> Iterator[str]:
        name = self._full_name(call.func)
        module, _, last = name.rpartition(".")
        if module.split(".")[0] == "sqlalchemy" and last in _SQLALCHEMY_TEXT:
            yield "text()"
        if name in {"eval", "exec", "builtins.eval", "builtins.exec", "__import__"}:
            yield last
        if module in {"yaml", "yaml.loader"} and last in _UNSAFE_YAML:
            yield "yaml.load"
        if name in _SHELLS or any(word.arg == "shell" and not _is_false(word.value) for word in call.keywords):
            yield "shell=True"
        if last == "Markup":
            yield "Markup"
        if last == "exec_driver_sql":
            yield "text()"

    def _full_name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            return f"{self._full_name(node.value)}.{node.attr}"
        if isinstance(node, ast.Name):
            return self._origins.get(node.id, node.id)
        return ""


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _text_kinds(text: str, sql_kind: str) -> Iterator[str]:
    if _is_sql(text):
        yield sql_kind
    yield from (kind for kind, pattern in _ATTRIBUTES if pattern.search(text))


def _is_sql(text: str) -> bool:
    if _SQL_IN_CAPITALS.match(text):
        return True
    # "Select a record from the list" is a sentence: SQL is written in one case.
    match = _SQL.match(text)
    return match is not None and not match.group().lstrip()[:2].istitle()


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
