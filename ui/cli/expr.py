"""The command `expr`: try an expression over a record - its type, the value of every part, the SQL it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.trying import TriedExpression


@click.command()
@click.argument("expression")
@click.option("--object", "object_name", required=True, help="The object that the expression is about.")
@click.option("--record", "record_id", help="The id of the record; without one the expression is only checked.")
@click.option("--as", "login", metavar="LOGIN", help="With the eyes of this user; else everything is seen.")
@database_option
@json_option
def expr(
    expression: str, object_name: str, record_id: str | None, login: str | None, database_url: str | None, as_json: bool
) -> None:
    """Try an EXPRESSION: its type, its value and that of every part, and the SQL it becomes.

    Example: fieldstone expr "amount * 20%" --object opportunity --record 019a5c3e-…
    """
    from engine.errors import UnknownObject
    from engine.trying import try_expression
    from metamodel.names import did_you_mean
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        metamodel = platform.releases.current().metamodel
        found = metamodel.find_object(object_name)
        if found is None:
            hint = did_you_mean(object_name, metamodel.objects)
            raise click.ClickException(f"There is no object '{object_name}'{'; ' + hint if hint else '.'}")
        actor = command_line_actor(platform, login)
        try:
            tried = try_expression(platform.records, actor, found.key, expression, record_id)
        except UnknownObject as error:
            raise click.ClickException(f"'{login}' may not see the object '{object_name}'.") from error
    if as_json:
        write_json(_plain(tried))
    else:
        _write(tried)
    if not tried.type:
        raise SystemExit(1)


def _plain(tried: TriedExpression) -> dict[str, Any]:
    return {
        "type": tried.type or None,
        "value": None if not tried.parts or tried.parts[0].is_empty else tried.parts[0].value,
        "parts": [
            {
                "source": part.source,
                "type": part.type,
                "value": None if part.is_empty else part.value,
                "depth": part.depth,
                "skipped": part.skipped,
                "error": part.error or None,
            }
            for part in tried.parts
        ],
        "notes": list(tried.notes),
        "sql": tried.sql or None,
        "not_in_sql": tried.not_in_sql or None,
        "value_in_sql": tried.in_sql,
        "problems": [str(problem) for problem in tried.problems],
    }


def _write(tried: TriedExpression) -> None:
    for problem in tried.problems:
        click.echo(str(problem))
    if tried.type:
        click.echo(f"type: {tried.type}")
    for part in tried.parts:
        shown = part.error or ("not needed" if part.skipped else "empty" if part.is_empty else part.value)
        click.echo(f"{'  ' * part.depth}{part.source} = {shown}  ({part.type})")
    for note in tried.notes:
        click.echo(f"note: {note}")
    if tried.not_in_sql:
        click.echo(f"sql: {tried.not_in_sql}")
    elif tried.sql:
        click.echo(f"sql: {tried.sql}")
        if tried.in_sql is not None:
            click.echo(f"value in sql: {tried.in_sql or 'empty'}")


COMMANDS = {"expr": expr}
