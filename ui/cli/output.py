"""Writes what commands give: JSON for programs, plain tables for people (rich where a terminal is there)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

import click
import orjson

from metamodel.source import Problem


def write_json(value: object) -> None:
    """Write a value as JSON on standard output."""
    click.echo(orjson.dumps(value, default=_text, option=orjson.OPT_INDENT_2).decode())


def write_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table: with lines on a terminal, separated by tabs into a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def counted(number: int, noun: str) -> str:
    """Give a number with its noun, in the plural where it is not one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show_progress(done: int, total: int, text: str) -> None:
    """Say on standard error what is done now: one line that is written over on a terminal, lines into a log."""
    line = f"[{done + 1}/{total}] {text}"
    if not sys.stderr.isatty():
        click.echo(line, err=True)
        return
    width = shutil.get_terminal_size().columns - 1
    click.echo(f"\r\033[K{line[:width]}" + ("\r\033[K" if done + 1 == total else ""), err=True, nl=False)


def _text(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def problem_to_json(problem: Problem) -> dict[str, object]:
    """Give a problem as JSON data."""
    return {
        "file": problem.at.file,
        "line": problem.at.line,
        "column": problem.at.column,
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
    }
