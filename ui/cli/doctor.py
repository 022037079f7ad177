"""The command `doctor`: is this installation sound? Import names, settings, database, release."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import packages_distributions

import click

from engine.errors import EngineError
from ui.cli import ENVIRONMENT_FAILED
from ui.cli.opening import database_option, json_option, opened_platform, settings_of

DISTRIBUTION = "fieldstone"
IMPORT_NAMES = ("engine", "metamodel", "workflow_dsl", "ui", "plugins", "sample_apps")


@click.command()
@database_option
@json_option
def doctor(database_url: str | None, as_json: bool) -> None:
    """Check the installation and say what is wrong with it.

    Example: fieldstone doctor
    """
    findings = [*check_import_names(), *check_database(database_url)]
    if as_json:
        from ui.cli.output import write_json

        write_json({"sound": not findings, "findings": findings})
    elif not findings:
        click.echo("sound")
    for finding in () if as_json else findings:
        click.secho(f"wrong: {finding}", fg="red")
    if findings:
        raise SystemExit(ENVIRONMENT_FAILED)


def check_import_names() -> Iterator[str]:
    """Find other distributions that ship one of our import names: each would overwrite the other's files."""
    owners = packages_distributions()
    for name in IMPORT_NAMES:
        others = sorted(set(owners.get(name, ())) - {DISTRIBUTION})
        if others:
            yield f"the package '{name}' is also shipped by {', '.join(others)}; install it into another environment"


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
