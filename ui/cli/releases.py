"""The commands `plan`, `apply` and `releases`: what would change, change it, what was changed."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from ui.cli import WRONG_INPUT
from ui.cli.opening import database_option, is_missing_file, json_option, opened_platform, settings_of

if TYPE_CHECKING:
    from engine.platform import Platform
    from engine.releases.applying import Applied
    from engine.settings import PlatformSettings


@click.command()
@click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))
@database_option
@json_option
def plan(apps: tuple[Path, ...], database_url: str | None, as_json: bool) -> None:
    """Show what applying the folders would change; writes nothing. Exit code 1 where it could not be applied.

    Example: fieldstone plan my_crm --json
    """
    from ui.cli.failures import show_problems
    from ui.cli.sources import texts_of_folders

    with (
        _database_for_a_plan(database_url) as settings,
        opened_platform(None, settings, makes_database=True) as platform,
    ):
        planned = platform.plan_release(apps)
    if as_json:
        from ui.cli.output import write_json

        write_json(planned.to_json())
    else:
        show_problems(planned.problems, texts_of_folders(apps))
        for line in planned.lines():
            click.echo(line)
    if not planned.is_safe:
        raise SystemExit(WRONG_INPUT)


@contextmanager
def _database_for_a_plan(database_url: str | None) -> Iterator[PlatformSettings]:
    """Give settings to plan with: what would be made in a database that is not there is planned in a passing one."""
    settings = settings_of(database_url)
    if not is_missing_file(settings.database_url):
        yield settings
        return
    with TemporaryDirectory(prefix="fieldstone-plan-") as folder:
        key = settings.secret_key or "only for this plan"
        yield replace(settings, database_url=f"sqlite:///{folder}/plan.sqlite", secret_key=key)


@click.command()
@click.argument("apps", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--comment", default="", help="Why, for the list of releases.")
@database_option
def apply(apps: tuple[Path, ...], comment: str, database_url: str | None) -> None:
    """Migrate the database and publish the folders as a release; running servers swap to it.

    Example: fieldstone apply my_crm --comment "Deals have a competitor"
    """
    with opened_platform(database_url, makes_database=True) as platform:
        applied = apply_folders(platform, apps, comment=comment)
    what = "published release" if applied.is_new else "nothing changed, still release"
    click.echo(f"{what} {applied.release.number}")


@click.command()
@database_option
@json_option
def releases(database_url: str | None, as_json: bool) -> None:
    """List the releases, the newest first.

    Example: fieldstone releases
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = platform.releases.history()
    if as_json:
        write_json([{"number": r.number, "at": r.at, "author": r.author, "comment": r.comment} for r in found])
    else:
        write_table(
            ("number", "at", "by", "comment"),
            [(r.number, r.at.strftime("%Y-%m-%d %H:%M:%SZ"), r.author, r.comment) for r in found],
        )


def apply_folders(platform: Platform, folders: Sequence[Path], *, comment: str = "", quiet: bool = False) -> Applied:
    """Apply folders with a line a step; problems, of data too, are shown with their lines; a refusal is raised."""
    from engine.errors import ReleaseRefused
    from ui.cli.failures import show_problems
    from ui.cli.output import counted, show_progress
    from ui.cli.sources import texts_of_folders

    def say(done: int, total: int, text: str) -> None:
        if not quiet:
            show_progress(done, total, text)

    try:
        applied = platform.apply_release(folders, author=author_name(), comment=comment, progress=say)
    except ReleaseRefused as refused:
        show_problems(refused.problems, texts_of_folders(folders))
        raise ReleaseRefused(
            (), f"{counted(len(refused.problems), 'problem')}; the running release stays."
        ) from refused
    # The release stands; what it brings and could not be loaded has to be seen by who published it.
    show_problems(applied.data_problems, texts_of_folders(folders) if applied.data_problems else {})
    # Whoever starts after this finds what was checked, also with a program that did not check it.
    platform.keeping.look()
    return applied


def author_name() -> str:
    """Give the name of who is at the keyboard, for the list of releases."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


COMMANDS = {"plan": plan, "apply": apply, "releases": releases}
