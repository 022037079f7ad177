"""Says failures of commands in sentences for people, and which exit code they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from engine.errors import DatabaseUnavailable, EngineError, QueryProblem, ReleaseRefused, ValidationFailed
from metamodel.source import Problem, Severity, render_problem
from ui.cli import ENVIRONMENT_FAILED, WRONG_INPUT


def report_failure(error: Exception) -> int:
    """Say what failed on standard error and give the exit code."""
    if isinstance(error, ReleaseRefused):
        show_problems(error.problems, {})
    elif isinstance(error, QueryProblem):
        for problem in error.problems:
            click.echo(f"error: {problem.sentence}", err=True)
        return WRONG_INPUT
    elif isinstance(error, ValidationFailed):
        for finding in error.errors:
            where = f"{finding.field}: " if finding.field else ""
            click.echo(f"error: {where}{finding.message}", err=True)
        return WRONG_INPUT
    click.echo(f"error: {sentence_of(error)}", err=True)
    return exit_code_of(error)


def exit_code_of(error: Exception) -> int:
    """Give the exit code: 3 where the machine or the database failed, 1 where the input is wrong."""
    if isinstance(error, DatabaseUnavailable) or not isinstance(error, EngineError):
        return ENVIRONMENT_FAILED
    return WRONG_INPUT


def sentence_of(error: Exception) -> str:
    """Give one sentence for people."""
    if isinstance(error, EngineError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)
    return f"Something failed unexpectedly ({type(error).__name__}: {error}). Call again with --traceback for details."


def show_problems(problems: Iterable[Problem], sources: Mapping[str, str], *, err: bool = True) -> None:
    """Show problems with their source lines and carets, causes before what follows from them, errors in red."""
    colours = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
    for problem in sorted(problems, key=_follows_from_others):
        first, *rest = render_problem(problem, sources).split("\n")
        click.secho(first, fg=colours[problem.severity], err=err)
        for line in rest:
            click.echo(line, err=err)


def _follows_from_others(problem: Problem) -> bool:
    # A file that cannot be read, or a name that leads nowhere, makes other files look wrong: the cause stands first.
    return not (problem.code.startswith("APP1") or problem.code in ("OBJ102", "OBJ201"))
