"""Opens the installation a command works on: settings, database, platform; the options that all commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from engine.errors import EngineError
from engine.settings import PlatformSettings, load_settings

if TYPE_CHECKING:
    from engine.access.actor import Actor
    from engine.platform import Platform
    from ui.security import WebSettings

Command = TypeVar("Command", bound=Callable[..., object])

_ACTOR = "fieldstone.actor"
"""Where a call of the command line keeps in whose name it acts."""
_DATABASE_HELP = "The database, sqlite:///FILE or postgresql://…; else FIELDSTONE_DATABASE_URL or fieldstone.toml."


def database_option(command: Command) -> Command:
    """Give a command the option --db."""
    return click.option("--db", "database_url", metavar="URL", help=_DATABASE_HELP)(command)


def json_option(command: Command) -> Command:
    """Give a command the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON for programs.")(command)


def settings_of(database_url: str | None) -> PlatformSettings:
    """Read the operator's settings; an address given on the command line wins."""
    return load_settings(database_url=_full_address(database_url))


@contextmanager
def opened_platform(
    database_url: str | None, settings: PlatformSettings | None = None, *, makes_database: bool = False
) -> Iterator[Platform]:
    """Open the platform for the time of a command.

    makes_database: whether an SQLite file that is not there is made; else a mistyped name would leave an empty one.

    Raises:
        NoRelease: there is no such file, and the command does not make it.
    """
    from engine.platform import Platform
    from engine.releases.release import NoRelease

    settings = settings or settings_of(database_url)
    if not makes_database and is_missing_file(settings.database_url):
        raise NoRelease
    platform = Platform.open(settings)
    try:
        yield platform
    except EngineError as error:
        _note_refusal(platform, error)
        raise
    finally:
        platform.close()


def is_missing_file(address: str) -> bool:
    """Tell whether an address names an SQLite file that is not there."""
    from engine.storage.dialect import Dialect, parse_database_url, sqlite_file

    url, dialect = parse_database_url(address)
    return dialect is Dialect.SQLITE and not sqlite_file(url).exists()


def command_line_actor(platform: Platform, login: str | None) -> Actor:
    """Give who a command acts as: the user named, else the product itself, who holds the database holds all."""
    from engine.access.actor import Origin, system_actor
    from engine.accounts.errors import UnknownUser

    if login is None:
        return system_actor(Origin.CLI)
    actor = platform.accounts.actor_of(login)
    if actor is None:
        raise UnknownUser(login)
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta[_ACTOR] = actor
    return actor


def _note_refusal(platform: Platform, error: EngineError) -> None:
    """Have the audit log note what the user in whose name a command acts was refused, as for a request."""
    context = click.get_current_context(silent=True)
    actor: Actor | None = None if context is None else context.meta.get(_ACTOR)
    if context is None or actor is None:
        return
    from engine.audit.refusals import refusal_of
    from ui.status_table import status_of

    _status, code = status_of(error)
    if (found := refusal_of(error, code, command=context.command_path)) is not None:
        platform.audit.log.note_refused(actor, found)


def web_settings(settings: PlatformSettings, *, extra_hosts: tuple[str, ...] = ()) -> WebSettings:
    """Give what the web part is told, out of the operator's settings."""
    from ui.security import WebSettings

    named = tuple(name.strip() for name in settings.allowed_hosts.split(",") if name.strip())
    return WebSettings(
        secret_key=settings.secret().decode(),
        base_url=settings.base_url,
        trusted_hosts=(*named, *extra_hosts),
        rate_limit=settings.rate_limit,
    )


def _full_address(address: str | None) -> str | None:
    # A bare file name is a database too, so that `--db crm.sqlite` works.
    if address is None or "://" in address:
        return address
    return f"sqlite:///{address}"
