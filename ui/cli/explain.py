"""The commands `explain`: where a definition comes from, who may do what, what rules did to a record and its values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli.access import access
from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.platform import Platform


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


@explain.command("record")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record_id", metavar="ID")
@click.option("--rule", help="Only this rule.")
@click.option("--as", "login", metavar="LOGIN", help="With the eyes of this user; else everything is seen.")
@database_option
@json_option
def record(
    object_name: str, record_id: str, rule: str | None, login: str | None, database_url: str | None, as_json: bool
) -> None:
    """Say which rules touched a record, which looked at it and did not match, and why, with the values.

    Example: fieldstone explain record opportunity 019a5c3e-… --rule big_deal
    """
    from ui.api.answers import to_json
    from ui.api.insight_data import rule_on_record
    from ui.cli.told_rules import rule_lines

    with opened_platform(database_url) as platform:
        key = _object(platform, object_name)
        actor = command_line_actor(platform, login)
        found = platform.automation.insight.of_record(actor, key, record_id, rule=rule)
    if rule is not None and not found.rules:
        raise click.ClickException(f"There is no rule '{rule}' about '{object_name}'.")
    if as_json:
        items = [rule_on_record(each) for each in found.rules]
        click.echo(to_json({"items": items, "saves": found.saves}).decode())
        return
    for each in found.rules:
        for line in rule_lines(each):
            click.echo(line)


@explain.command("value")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record_id", metavar="ID")
@click.argument("field", required=False)
@click.option("--as", "login", metavar="LOGIN", help="With the eyes of this user; else everything is seen.")
@database_option
@json_option
def value(
    object_name: str, record_id: str, field: str | None, login: str | None, database_url: str | None, as_json: bool
) -> None:
    """Say who or what set the value of a FIELD of a record, or of all, and what caused that, back to the root.

    Example: fieldstone explain value opportunity 019a5c3e-… review_status
    """
    from ui.api.answers import to_json
    from ui.api.insight_data import blame_to_json
    from ui.cli.told_rules import blame_lines

    with opened_platform(database_url) as platform:
        key = _object(platform, object_name)
        actor, fields = command_line_actor(platform, login), None if field is None else [field]
        found = platform.automation.insight.blame(actor, key, record_id, fields=fields)
    if field is not None and not found:
        raise click.ClickException(f"There is no field '{field}' of '{object_name}' that may be read.")
    if as_json:
        click.echo(to_json({"items": [blame_to_json(each) for each in found]}).decode())
        return
    for each in found:
        for line in blame_lines(each):
            click.echo(line)


def _object(platform: Platform, name: str) -> str:
    from metamodel.names import did_you_mean

    metamodel = platform.releases.current().metamodel
    found = metamodel.find_object(name)
    if found is None:
        hint = did_you_mean(name, metamodel.objects)
        raise click.ClickException(f"There is no object '{name}'{'; ' + hint if hint else '.'}")
    return found.key


explain.add_command(access)

COMMANDS = {"explain": explain}
