"""The command `connectors`: how connectors stand, run one, and tell where both sides differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.connectors.desk import ConnectorReport


@click.group()
def connectors() -> None:
    """Look at connectors, run them and compare both sides.

    Example: fieldstone connectors compare erp_customers
    """


@connectors.command("list")
@database_option
@json_option
def list_connectors(database_url: str | None, as_json: bool) -> None:
    """List connectors: state, next run, and how many differences their newest report has.

    Example: fieldstone connectors list
    """
    from ui.api.connectors import state_json
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = platform.connectors.desk.list(command_line_actor(platform, None))
    if as_json:
        write_json([state_json(each) for each in found])
        return
    rows = [
        (e.connector.name, e.state, e.next_at or "", "" if e.differences is None else e.differences, e.error or "")
        for e in found
    ]
    write_table(("connector", "state", "next", "differences", "error"), rows)


@connectors.command()
@click.argument("connector")
@database_option
@json_option
def run(connector: str, database_url: str | None, as_json: bool) -> None:
    """Run a connector now: take theirs in, send ours, compare. Exits with 1 unless it is done without differences.

    Example: fieldstone connectors run erp_customers
    """
    _do(connector, database_url, as_json=as_json, only_compare=False)


@connectors.command()
@click.argument("connector")
@database_option
@json_option
def compare(connector: str, database_url: str | None, as_json: bool) -> None:
    """Compare both sides and list the differences; changes nothing. Exits with 1 where there are any.

    Example: fieldstone connectors compare erp_customers --json
    """
    _do(connector, database_url, as_json=as_json, only_compare=True)


def _do(connector: str, database_url: str | None, *, as_json: bool, only_compare: bool) -> None:
    from ui.api.connectors import report_json
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        actor = command_line_actor(platform, None)
        found = platform.connectors.desk.do(actor, connector, only_compare=only_compare)
    if as_json:
        write_json(report_json(found))
    else:
        _write(found)
    if found.state.state != "done" or found.state.differences:
        raise SystemExit(1)


def _write(found: ConnectorReport) -> None:
    from ui.cli.output import write_table

    state = found.state
    counts = ", ".join(f"{name} {count}" for name, count in (state.counts or {}).items())
    click.echo(f"{state.connector.name}: {state.state}; {counts}; {state.differences or 0} differences")
    if state.error:
        click.echo(state.error)
    for each in found.refused:
        click.echo(f"refused {each.key} ({each.side}): {each.error}")
    if found.rows:
        rows = [(e.kind, e.key or "", e.field or "", e.ours or "", e.theirs or "") for e in found.rows]
        write_table(("difference", "key", "field", "ours", "theirs"), rows)


COMMANDS = {"connectors": connectors}
