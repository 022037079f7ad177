"""The command `export`: the records of an object as a file, as the list of a page or the API would give them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from ui.cli.opening import command_line_actor, database_option, opened_platform
from ui.cli.output import counted

if TYPE_CHECKING:
    from engine.exports.service import Export, Format


@click.command("export")
@click.argument("object_name", metavar="OBJECT")
@click.option("--where", metavar="CONDITION", help="Only records for which this expression holds.")
@click.option("--view", help="A view of the object: its condition, columns and order.")
@click.option("--fields", help="Fields and paths, with commas; without it the view's, else all.")
@click.option("--sort", help="Paths to sort by, with commas; - in front turns the order round.")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "jsonl"]), default="csv", help="How it is written.")
@click.option("--names", is_flag=True, help="API names in place of labels, ids in place of what records are called.")
@click.option("--language", help="Language of labels; without it the first one of the app.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; without it standard output.")
@click.option("--as", "login", metavar="LOGIN", help="Export with this user's rights; without it, with all.")
@database_option
def export_file(
    object_name: str,
    where: str | None,
    view: str | None,
    fields: str | None,
    sort: str | None,
    form: str,
    names: bool,
    language: str | None,
    output: Path | None,
    login: str | None,
    database_url: str | None,
) -> None:
    """Write the records of an OBJECT as CSV or XLSX, which can be imported again, or as JSON lines for programs.

    Example: fieldstone export opportunity --where "not stage.closed" --output open.csv
    """
    from engine.errors import UnknownObject
    from engine.exports.service import ExportRequest
    from engine.records.types import ListQuery, SortKey

    with opened_platform(database_url) as platform:
        release, actor = platform.releases.current(), command_line_actor(platform, login)
        object_def = release.metamodel.find_object(object_name)
        if object_def is None:
            raise UnknownObject(object_name)
        query = ListQuery(
            object=object_def.key,
            filter=where,
            view=view,
            fields=_paths(fields),
            sort=tuple(SortKey(path=path.removeprefix("-"), descending=path.startswith("-")) for path in _paths(sort)),
        )
        main = release.metamodel.main
        if language is not None and language not in main.languages:
            raise click.ClickException(f"There is no language '{language}'; there are {', '.join(main.languages)}.")
        if login is None:
            actor = replace(actor, timezone=main.timezone, language=main.languages[0])
        actor = replace(actor, language=language or actor.language)
        asked = ExportRequest(query=query, format=cast("Format", form), labelled=not names)
        export = platform.exports.start(actor, asked, release=release)
        if output is None:
            _write(export, sys.stdout.buffer)
            return
        with output.open("wb") as file:
            _write(export, file)
        click.echo(f"{counted(export.total, 'record')} in {output}", err=True)


def _write(export: Export, file: BinaryIO) -> None:
    for chunk in export:
        file.write(chunk)


def _paths(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


COMMANDS = {"export": export_file}
