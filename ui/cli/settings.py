"""The command `settings`: what the settings of apps (`app.review_limit`) are in this environment, set and unset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.app_settings import ShownSetting


@click.group()
def settings() -> None:
    """List, set and unset the settings of apps in this environment.

    Example: fieldstone settings set sales.review_limit "50000 CNY"
    """


@settings.command("list")
@database_option
@json_option
def list_settings(database_url: str | None, as_json: bool) -> None:
    """List the settings with their values and where these come from.

    Example: fieldstone settings list --json
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = platform.app_settings.shown()
    if as_json:
        write_json([_plain(shown) for shown in found])
        return
    rows = [(s.name, s.type, _shown(s.value), s.origin, _by_role(s.by_role), s.label) for s in found]
    write_table(("setting", "type", "value", "from", "by role", "label"), rows)


@settings.command("set")
@click.argument("name", metavar="APP.NAME")
@click.argument("value")
@click.option(
    "--app",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An app's folder that is not applied yet, for a setting it brings; several may be given.",
)
@database_option
def set_setting(name: str, value: str, folders: tuple[Path, ...], database_url: str | None) -> None:
    """Give a setting a value; every process takes it within a second.

    Example: fieldstone settings set sales.max_discount 15%
    """
    with opened_platform(database_url, makes_database=bool(folders)) as platform:
        platform.app_settings.set(command_line_actor(platform, None), name, value, folders=folders)
    click.echo(f"{name} is {value}")


@settings.command()
@click.argument("name", metavar="APP.NAME")
@database_option
def unset(name: str, database_url: str | None) -> None:
    """Take a setting's value away, so that its default counts again.

    Example: fieldstone settings unset sales.max_discount
    """
    with opened_platform(database_url) as platform:
        platform.app_settings.unset(command_line_actor(platform, None), name)
    click.echo(f"{name} has its default again")


def _plain(shown: ShownSetting) -> dict[str, object]:
    from metamodel.writing.values import plain_value

    values = {name: getattr(shown, name) for name in shown.__dataclass_fields__}
    for name in ("value", "default"):
        values[name] = plain_value(values[name])
    return {**values, "by_role": {role: plain_value(value) for role, value in shown.by_role.items()}}


def _shown(value: object) -> str:
    from metamodel.writing.values import plain_value

    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(plain_value(value))


def _by_role(by_role: dict[str, object]) -> str:
    return ", ".join(f"{role}: {_shown(value)}" for role, value in by_role.items())


COMMANDS = {"settings": settings}
