"""The commands `explain`: where a definition comes from, and who overrode what of it."""

from __future__ import annotations

from pathlib import Path

import click

from ui.cli.opening import json_option


@click.group()
def explain() -> None:
    """Say where something comes from.

    Example: fieldstone explain definition account.website my_crm
    """


@explain.command("definition")
@click.argument("name")
@click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def definition(name: str, apps: tuple[Path, ...], as_json: bool) -> None:
    """List who said what of an object, or of a field, view or other part of it; what was overridden stands crossed out.

    Example: fieldstone explain definition account.website my_crm
    """
    from metamodel.field_types import standard_field_types
    from metamodel.provenance import UnknownDefinition, explain_definition
    from ui.cli.output import write_json
    from ui.cli.sources import texts_of_folders

    try:
        parts = explain_definition(texts_of_folders(apps), name, standard_field_types())
    except UnknownDefinition as error:
        raise click.ClickException(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    if as_json:
        write_json(
            [
                {
                    "part": part.path,
                    "overridden": part.is_overridden,
                    "statements": [
                        {"app": s.app, "at": str(s.at), "value": s.value, "priority": s.priority}
                        for s in part.statements
                    ],
                }
                for part in parts
            ]
        )
        return
    for part in parts:
        for number, said in enumerate(part.statements):
            rank = "" if said.priority is None else f", priority {said.priority}"
            is_lost = part.is_overridden and number < len(part.statements) - 1
            mark = "overridden" if is_lost else "overrides" if part.is_overridden else "adds" if rank else "has"
            click.echo(f"{part.path}: {said.value}  ({said.app}{rank}, {said.at}) {mark}")


COMMANDS = {"explain": explain}
