"""The command `demo`: the sales app with its demo data and demo users, ready to look at. Only here users are preset."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, opened_platform, settings_of

if TYPE_CHECKING:
    from engine.platform import Platform

DEMO_PASSWORD = "demo-fieldstone"  # noqa: S105 - printed on purpose, for demo users only
DEMO_DATABASE = "sqlite:///var/demo/demo.sqlite"
ADMINISTRATOR = ("admin@demo.example", "Demo administrator", "administrator")


@click.command()
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-serve", is_flag=True, help="Only set everything up.")
def demo(database_url: str | None, host: str, port: int, no_serve: bool) -> None:
    """Apply the sales app, load its demo data once, print the demo users and serve.

    Example: fieldstone demo --port 8000
    """
    from dataclasses import replace

    from ui.cli.releases import apply_folders
    from ui.cli.serve import run_server

    settings = settings_of(database_url or DEMO_DATABASE)
    if database_url is None:
        settings = replace(settings, data_folder=Path("var/demo/data"))
    sales = resources.as_file(resources.files("sample_apps") / "sales")
    with sales as folder, opened_platform(None, settings, makes_database=True) as platform:
        apply_folders(platform, [folder], comment="demo", quiet=True)
        load_demo(platform, folder)
        lines = (*demo_user_lines(platform), database_line(database_url or DEMO_DATABASE))
        if no_serve:
            click.echo("\n".join(lines))
            return
        run_server(platform, host=host, port=port, greeting=lines)


def database_line(address: str) -> str:
    """Give the line that says how other commands reach the demo's database; a password in an address is not said."""
    shown = address if address == DEMO_DATABASE else "URL"
    return f"its database, for other commands: --db {shown}, as in: fieldstone apply FOLDER --db {shown}"


def load_demo(platform: Platform, folder: Path) -> None:
    """Load the demo files of objects that have no record yet, so that a second call changes nothing."""
    from ui.cli.demo_data import USER_FILE, demo_files

    for object_key, path in demo_files(folder, platform.releases.current().metamodel):
        if object_key == USER_FILE:
            load_users(platform, path)
        elif _is_empty(platform, object_key):
            load_file(platform, object_key, path)


def load_users(platform: Platform, path: Path) -> None:
    """Make the demo users that are not there yet, managers before their people."""
    from ui.cli.demo_data import read_rows

    administration, actor = platform.accounts.administration, command_line_actor(platform, None)
    known = {user.login: user.id for user in administration.list_users()}
    login, name, role = ADMINISTRATOR
    if login not in known:
        administration.create_user(actor, login, password=DEMO_PASSWORD, roles=(role,), values={"name": name})
    teams = _titles(platform, "team")
    for row in read_rows(path):
        if row["email"] in known:
            continue
        values: dict[str, object] = {"name": row["name"], "language": row.get("language") or None}
        values["team"] = teams.get(row["team"])
        values["manager"] = known.get(row["manager"])
        known[row["email"]] = administration.create_user(
            actor, row["email"], password=DEMO_PASSWORD, roles=row["roles"].split(), values=values
        )


def load_file(platform: Platform, object_key: str, path: Path) -> None:
    """Load one demo file through the importer; a row that is refused is a mistake of the demo and is said."""
    from ui.cli.demo_data import write_with_dates

    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / path.name
        timezone = platform.releases.current().metamodel.main.timezone
        write_with_dates(path, filled, now=platform.clock.now(), timezone=timezone)
        result = platform.imports.import_csv(command_line_actor(platform, None), object_key, filled)
    click.echo(f"{object_key}: {result.created} records" + (f", {result.refused} refused" if result.refused else ""))


def demo_user_lines(platform: Platform) -> tuple[str, ...]:
    """Give the lines that say who can sign in."""
    users = platform.accounts.administration.list_users()
    width = max(len(user.login) for user in users)
    lines = [
        f"  {user.login:<{width}}  {', '.join(user.roles)}" for user in users if user.login.endswith("@demo.example")
    ]
    return (f"demo users, all with the password {DEMO_PASSWORD}", *lines)


def _is_empty(platform: Platform, object_key: str) -> bool:
    from engine.records.types import ListQuery

    return platform.records.count(command_line_actor(platform, None), ListQuery(object=object_key)).value == 0


def _titles(platform: Platform, object_key: str) -> dict[str, str]:
    from engine.records.types import ListQuery

    page = platform.records.list(command_line_actor(platform, None), ListQuery(object=object_key, limit=200))
    return {record.title: record.id for record in page.rows}


COMMANDS = {"demo": demo}
