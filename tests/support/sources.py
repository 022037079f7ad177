"""The project's own files, for tests that read them: which there are, and what a function in them is called.

It looks at the work tree, so that a file not committed yet is checked too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("metamodel", "workflow_dsl", "plugins", "engine", "ui")
PURE_PACKAGES = ("metamodel", "workflow_dsl")

_SKIPPED_FOLDERS = {"node_modules", "__pycache__", "var", "dist"}


def files_of(*folders: str, suffixes: tuple[str, ...] = (".py",), root: Path = REPOSITORY) -> list[Path]:
    """List the files with one of `suffixes` below the folders, sorted by path."""
    found = [
        path
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.suffix in suffixes and path.is_file() and not _SKIPPED_FOLDERS & set(path.parts)
    ]
    return sorted(found)


def name_of(path: Path, root: Path = REPOSITORY) -> str:
    """Name a file as people write it: relative to the repository, with slashes."""
    return path.relative_to(root).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
    """Give every function with its dotted name inside the module."""
    yield from _functions_below(tree, "")


def _functions_below(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, FunctionNode | ast.ClassDef):
            name = f"{prefix}.{child.name}".lstrip(".")
        if isinstance(child, FunctionNode):
            yield name, child
        yield from _functions_below(child, name)


def enclosing_function(tree: ast.Module, line: int) -> str:
    """Name the innermost function around a line, or `module`."""
    around = [
        (node.lineno, name) for name, node in functions_of(tree) if node.lineno <= line <= (node.end_lineno or line)
    ]
    return max(around)[1] if around else "module"
