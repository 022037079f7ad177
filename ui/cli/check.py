"""The command `check`: every problem of app folders with its place, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from metamodel.missing_texts import language_of
from metamodel.source import Problem, Severity
from ui.cli import WRONG_INPUT
from ui.cli.opening import json_option


@click.command()
@click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="List each text that lacks a language of its app, and fail for it.")
@json_option
def check(apps: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Check app folders: files, links, types, rules, roles. Exit code 1 where there is an error.

    Example: fieldstone check my_crm --strict
    """
    from engine.platform import check_app_folders
    from metamodel.missing_texts import missing_texts
    from ui.cli.failures import show_problems
    from ui.cli.output import counted
    from ui.cli.sources import texts_of_folders

    candidate = check_app_folders(apps)
    problems = candidate.problems
    missing = tuple(missing_texts(candidate.metamodel)) if candidate.metamodel is not None else ()
    is_passed = candidate.is_sound and not (strict and missing)
    if strict:
        problems.extend(replace(problem, severity=Severity.ERROR) for problem in missing)
    if as_json:
        from ui.cli.output import problem_to_json, write_json

        write_json(
            {
                "ok": is_passed,
                "problems": [problem_to_json(problem) for problem in problems],
                "missing": _counts(missing),
            }
        )
    else:
        show_problems(problems, texts_of_folders(apps), err=False)
        errors, warnings = len(problems.errors), len(problems.warnings)
        objects = len(candidate.metamodel.objects) if candidate.metamodel else 0
        for language, count in _counts(missing).items():
            click.echo(f"{counted(count, 'text')} without '{language}'" + ("" if strict else "; --strict lists them"))
        if is_passed:
            click.echo(f"ok: {counted(objects, 'object')}" + (f", {counted(warnings, 'warning')}" if warnings else ""))
        else:
            click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    if not is_passed:
        raise SystemExit(WRONG_INPUT)


def _counts(missing: Iterable[Problem]) -> dict[str, int]:
    return dict(sorted(Counter(language_of(problem) for problem in missing).items()))


COMMANDS = {"check": check}
