"""The command `import`: a CSV file into an object, through the importer, with a progress bar and counts."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.releases.collector import freeze_what_stays
from ui.cli import WRONG_INPUT
from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.imports.result import ImportResult
    from engine.platform import Platform

_OTHER_FORMS = frozenset((".jsonl", ".json", ".xlsx", ".xls", ".ods", ".numbers", ".yaml"))
_SHOWN_ERRORS = 10


@click.command("import")
@click.argument("object_name", metavar="OBJECT")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A mapping file.")
@click.option("--match", multiple=True, metavar="FIELD", help="A field that finds records that are there already.")
@click.option("--dry-run", is_flag=True, help="Count what would be done; write nothing.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Where refused rows go, with reasons.")
@click.option("--as", "login", metavar="LOGIN", help="Import with this user's rights; without it, with all.")
@database_option
@json_option
def import_file(
    object_name: str,
    file: Path,
    mapping: Path | None,
    match: tuple[str, ...],
    dry_run: bool,
    errors: Path | None,
    login: str | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Load the rows of a CSV FILE into an OBJECT; a second time changes nothing. Exit code 1 where anything is refused.

    Example: fieldstone import opportunity deals.csv --map deals.map.yaml --errors refused.csv
    """
    if file.suffix.lower() in _OTHER_FORMS:
        raise click.ClickException(f"{file.name} is no CSV file; save it as CSV (`fieldstone export` writes one).")
    with opened_platform(database_url) as platform, _progress(file.name, quiet=as_json) as say:
        # What was made while opening stays to the end: the collector need not look at it, nor after every few rows.
        freeze_what_stays()
        if not (as_json or dry_run):
            _announce_rules(platform, object_name, updates=bool(match))
        gc.set_threshold(50_000, 20, 20)
        result = platform.imports.import_csv(
            command_line_actor(platform, login),
            object_name,
            file,
            mapping=mapping,
            match=match,
            dry_run=dry_run,
            on_progress=say,
            errors_file=errors,
        )
    if as_json:
        from ui.cli.output import write_json

        write_json(result.to_json())
    else:
        _show(result, errors)
    if result.errors:
        raise SystemExit(WRONG_INPUT)


_OFTEN = {"in save": "in each save", "each": "at most once a record", "once": "once a batch", "skip": "not in imports"}


def _announce_rules(platform: Platform, object_name: str, *, updates: bool) -> None:
    """Say before the start which rules the import may start; --dry-run counts how often they will run."""
    from engine.automation.foretelling import coming_rules
    from engine.records.hooks import SaveKind

    release = platform.releases.current()
    found = release.metamodel.find_object(object_name)
    if found is None:
        return
    kinds = (SaveKind.CREATED, SaveKind.UPDATED) if updates else (SaveKind.CREATED,)
    index = platform.automation.index(release)
    rules = coming_rules(index, found.key, kinds, frozenset(found.fields))
    if rules:
        click.echo("rules that this may start (--dry-run counts their runs):", err=True)
    for each in rules:
        click.echo(f"  {each.program.name}: {_OFTEN[each.often.value]}", err=True)


def _show(result: ImportResult, errors: Path | None) -> None:
    counts = ", ".join(f"{result.counts[name]} {name}" for name in ("created", "updated", "unchanged", "refused"))
    written = " (dry run, nothing written)" if result.dry_run else ""
    click.echo(f"{result.object}: {result.total} rows, {counts}{written}")
    for error in result.errors[:_SHOWN_ERRORS]:
        where = f"line {error.line}" + (f", {error.column} '{error.value}'" if error.column else "")
        click.echo(f"  {where}: {error.reason}", err=True)
    if len(result.errors) > _SHOWN_ERRORS:
        click.echo(f"  and {len(result.errors) - _SHOWN_ERRORS} more", err=True)
    for rule, runs in result.rules.items():
        click.echo(f"would start {rule}: {runs:,} run{'' if runs == 1 else 's'}")
    if result.passed_over:
        click.echo(f"not read, since nothing can be written there: {', '.join(result.passed_over)}")
    if errors is not None and result.errors:
        click.echo(f"refused rows are in {errors}")


@contextmanager
def _progress(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _done, _total: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


COMMANDS = {"import": import_file}
