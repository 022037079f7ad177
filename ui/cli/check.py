"""The command `check`: every problem of app folders with its place, without a database."""

from __future__ import annotations

from pathlib import Path

import click

from ui.cli import WRONG_INPUT
from ui.cli.opening import json_option


@click.command()
@click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def check(apps: tuple[Path, ...], as_json: bool) -> None:
    """Check app folders: files, links, types, rules, roles. Exit code 1 where there is an error.

    Example: fieldstone check my_crm
    """
    from engine.platform import check_app_folders
    from ui.cli.failures import show_problems
    from ui.cli.output import counted
    from ui.cli.sources import texts_of_folders

    candidate = check_app_folders(apps)
    problems = candidate.problems
    if as_json:
        from ui.cli.output import problem_to_json, write_json

        write_json({"ok": candidate.is_sound, "problems": [problem_to_json(problem) for problem in problems]})
    else:
        show_problems(problems, texts_of_folders(apps), err=False)
        errors, warnings = len(problems.errors), len(problems.warnings)
        objects = len(candidate.metamodel.objects) if candidate.metamodel else 0
        if candidate.is_sound:
            click.echo(f"ok: {counted(objects, 'object')}" + (f", {counted(warnings, 'warning')}" if warnings else ""))
        else:
            click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    if not candidate.is_sound:
        raise SystemExit(WRONG_INPUT)


COMMANDS = {"check": check}
