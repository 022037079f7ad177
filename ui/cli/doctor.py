"""The command `doctor`: is this installation sound? Import names, settings, database, release; kept figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import packages_distributions

import click

from engine.errors import EngineError
from engine.records.stale_figures import stale_figures
from metamodel.values import Money
from ui.cli import ENVIRONMENT_FAILED, WRONG_INPUT
from ui.cli.opening import database_option, json_option, opened_platform, settings_of

DISTRIBUTION = "fieldstone"
IMPORT_NAMES = ("engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps")


@click.group(invoke_without_command=True)
@database_option
@json_option
@click.pass_context
def doctor(context: click.Context, database_url: str | None, as_json: bool) -> None:
    """Show the operator's settings and where they come from, and say what is wrong with the installation.

    Example: fieldstone doctor
    """
    if context.invoked_subcommand is not None:
        return
    from ui.cli.output import write_json, write_table

    findings = [*check_import_names(), *check_database(database_url)]
    settings = shown_settings(database_url)
    if as_json:
        named = {name: {"value": value, "from": origin} for name, value, origin in settings}
        write_json({"sound": not findings, "findings": findings, "settings": named})
    else:
        write_table(("setting", "value", "from"), settings)
        if not findings:
            click.echo("sound")
    for finding in () if as_json else findings:
        click.secho(f"wrong: {finding}", fg="red")
    if findings:
        raise SystemExit(ENVIRONMENT_FAILED)


@doctor.command()
@click.option("--repair", is_flag=True, help="Write the right figures, with history; no rules run.")
@database_option
@json_option
def rollups(repair: bool, database_url: str | None, as_json: bool) -> None:
    """Compute all roll-ups afresh and list those that are kept otherwise.

    Example: fieldstone doctor rollups --repair
    """
    with opened_platform(database_url, settings_of(database_url)) as platform:
        found = list(stale_figures(platform.records, platform.releases.current(), repair=repair))
    if as_json:
        from ui.cli.output import write_json

        rows = [{**asdict(each), "kept": _told(each.kept), "fresh": _told(each.fresh)} for each in found]
        write_json({"sound": not found, "repaired": repair, "stale": rows})
    else:
        for each in found:
            place = f"{each.object}.{each.field} of {each.record_id}"
            click.echo(f"{place}: kept {_told(each.kept)}, computed {_told(each.fresh)}")
        verb = "repaired" if repair else "stale"
        click.echo(f"{len(found)} {'figure' if len(found) == 1 else 'figures'} {verb}" if found else "sound")
    if found and not repair:
        raise SystemExit(WRONG_INPUT)


def _told(value: object) -> str:
    match value:
        case None:
            return "empty"
        case Money():
            return f"{value.amount} {value.currency}"
    return str(value)


def check_import_names() -> Iterator[str]:
    """Find other distributions that ship one of our import names: each would overwrite the other's files."""
    owners = packages_distributions()
    for name in IMPORT_NAMES:
        others = sorted(set(owners.get(name, ())) - {DISTRIBUTION})
        if others:
            yield f"the package '{name}' is also shipped by {', '.join(others)}; install it into another environment"


def shown_settings(database_url: str | None) -> Sequence[tuple[str, str, str]]:
    """Give name, value and origin of each setting, secrets hidden; none where they are refused, which is a finding."""
    try:
        return tuple(settings_of(database_url).shown())
    except EngineError:
        return ()


def check_database(database_url: str | None) -> Iterator[str]:
    """Find out whether the database answers and has a release."""
    try:
        settings = settings_of(database_url)
        with opened_platform(database_url, settings) as platform:
            if not platform.releases.has_release():
                yield "the database has no release yet; `fieldstone apply APP` makes one"
            yield from (problem.sentence for problem in platform.app_settings.problems())
    except EngineError as error:
        yield str(error)


COMMANDS = {"doctor": doctor}
