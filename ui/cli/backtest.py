"""The command `backtest`: what a rule would have done over what is on record; nothing is written."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.automation.insight.views import Backtest, Replay
    from engine.platform import Platform


@click.command()
@click.argument("rule", required=False)
@click.option("--since", default="30d", show_default=True, help="How far back: 12h, 30d, 4w or a day.")
@click.option("--all", "all_rules", is_flag=True, help="Judge all stored decisions again; list what differs, by rule.")
@click.option("--as", "login", metavar="LOGIN", help="With the eyes of this user; else everything is seen.")
@database_option
@json_option
def backtest(
    rule: str | None, since: str, all_rules: bool, login: str | None, database_url: str | None, as_json: bool
) -> None:
    """List what a RULE would have done over what is on record, or with --all what this release decides otherwise.

    Example: fieldstone backtest big_deal --since 30d
    """
    if (rule is None) != all_rules:
        raise click.UsageError("Name a rule, or say --all.")
    with opened_platform(database_url) as platform:
        moment, actor = _moment(platform, since), command_line_actor(platform, login)
        insight = platform.automation.insight
        if rule is None:
            _write_replay(insight.replay(actor, moment), as_json)
        else:
            _write_backtest(insight.backtest(actor, rule, moment), as_json)


def _moment(platform: Platform, since: str) -> dt.datetime:
    from zoneinfo import ZoneInfo

    from engine.automation.insight.since import since_moment

    zone = ZoneInfo(platform.releases.current().metamodel.main.timezone)
    try:
        return since_moment(since, platform.clock.now(), zone)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}.") from error


def _write_backtest(found: Backtest, as_json: bool) -> None:
    from ui.api.answers import to_json
    from ui.api.insight_data import backtest_to_json
    from ui.cli.output import counted
    from ui.cli.told_rules import intent_lines

    if as_json:
        click.echo(to_json(backtest_to_json(found)).decode())
        return
    click.echo(
        f"{found.rule} since {found.since:%Y-%m-%d %H:%MZ}: {found.matched} matching, of "
        f"{counted(found.records, 'record')} of {_looked_at(found)}"
    )
    for match in found.matches:
        about = f"{match.object} {match.title or match.record_id}" if match.record_id else "without a record"
        click.echo(f"{match.at:%Y-%m-%d %H:%M:%SZ} {about}: {match.trigger}")
        for line in intent_lines(match.done):
            click.echo(f"  {line}")
        if match.fault:
            click.echo(f"  would fail: {match.fault}")
    for number, what in ((found.hidden, "of records that may not be read"), (found.unclear, "that can't be told")):
        if number:
            click.echo(f"{number} {what}")
    if found.stopped:
        click.echo("There is more than is looked at; ask for a shorter time.")


def _looked_at(found: Backtest) -> str:
    from ui.cli.output import counted

    kinds = ((found.saves, "save"), (found.occasions, "occasion"))
    return " and ".join(counted(number, what) for number, what in kinds if number) or "no saves"


def _write_replay(found: Replay, as_json: bool) -> None:
    from ui.cli.output import counted, write_json, write_table

    rows = [
        (each.rule, f"{each.at:%Y-%m-%d %H:%M:%SZ}", each.object, each.record_id, each.was, each.now, each.run or "")
        for each in found.differences
    ]
    if as_json:
        names = ("rule", "at", "object", "record", "was", "now", "run")
        items = [dict(zip(names, row, strict=True)) for row in rows]
        write_json({"saves": found.saves, "same": found.same, "rules": list(found.rules), "items": items})
        return
    click.echo(f"{counted(found.saves, 'save')}: {found.same} decisions the same, {len(rows)} different")
    write_table(("rule", "when", "object", "record", "then", "now", "run"), rows)


COMMANDS = {"backtest": backtest}
