"""The commands `serve` and `worker`: put an installation to work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import EngineError
from engine.settings import without_password
from ui.cli.opening import database_option, opened_platform, settings_of, web_settings
from ui.cli.releases import apply_folders

if TYPE_CHECKING:
    from engine.platform import Platform
    from engine.settings import PlatformSettings
    from engine.storage.database import Database

_WATCH_EVERY_S = 1.0


@click.command()
@click.argument("apps", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--watch", is_flag=True, help="Apply the folders again at each change.")
@click.option("--no-worker", is_flag=True, help="Leave automation to `fieldstone worker`.")
def serve(apps: tuple[Path, ...], database_url: str | None, host: str, port: int, watch: bool, no_worker: bool) -> None:
    """Apply the folders where their plan is safe, then serve pages and API, with a worker inside.

    Example: fieldstone serve my_crm --port 8000 --watch
    """
    settings = settings_of(database_url)
    refuse_unsafe(settings, host)
    with opened_platform(database_url, settings, makes_database=True) as platform:
        refuse_unsafe(settings, host, platform.database)
        if apps:
            apply_folders(platform, apps)
        elif not platform.releases.has_release():
            raise click.UsageError("The database has no release yet: name an app folder.")
        stop = watch_folders(platform, apps) if watch and apps else None
        try:
            run_server(platform, host=host, port=port, with_worker=not no_worker)
        finally:
            if stop is not None:
                stop()


@click.command()
@database_option
@click.option("--concurrency", type=click.IntRange(1, 100), help="How many runs at once.")
def worker(database_url: str | None, concurrency: int | None) -> None:
    """Run automation in this process, beside servers and other workers.

    Example: fieldstone worker --concurrency 8
    """
    from ui.cli.serving import run_worker_until_stopped

    with opened_platform(database_url, makes_database=True) as platform:
        platform.app_settings.require_sound()
        platform.start()
        if not platform.releases.has_release():
            click.echo("There is no release yet; work begins with the first that `fieldstone apply APP` makes.")
        run_worker_until_stopped(platform, concurrency=concurrency)


def run_server(
    platform: Platform, *, host: str, port: int, with_worker: bool = True, greeting: Sequence[str] = ()
) -> None:
    """Serve a platform until the process is told to stop; says where, and how to make a first administrator."""
    from ui.app import create_app
    from ui.cli.serving import serve_until_stopped

    platform.app_settings.require_sound()
    platform.start()
    platform.accounts.forget_old()
    own_name = () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104 - compared, not listened on  # nosec B104
    app = create_app(platform, web_settings(platform.settings, extra_hosts=own_name))

    def say_started(address: str) -> None:
        click.echo(f"serving {address}")
        for line in greeting or first_administrator_lines(platform):
            click.echo(line)

    serve_until_stopped(platform, app, host=host, port=port, started=say_started, with_worker=with_worker)


def refuse_unsafe(settings: PlatformSettings, host: str, database: Database | None = None) -> None:
    """Refuse to serve with settings that are not safe.

    Raises: UnsafeSettings.
    """
    from engine.unsafe_settings import Serving, require_safe
    from ui.assets import STATIC_FOLDER

    require_safe(Serving(settings=settings, environment=os.environ, host=host, static=STATIC_FOLDER, database=database))


def first_administrator_lines(platform: Platform) -> Sequence[str]:
    """Say how to make the first user where there is none; no user is preset."""
    if platform.accounts.administration.list_users():
        return ()
    database = platform.settings.database_url
    # A password belongs in no log; whoever gave it by a variable or the file needs no --db.
    named = f" --db {database}" if without_password(database) == database else ""
    return (
        "Nobody can sign in yet. Make the first administrator with:",
        f"  fieldstone users add you@example.com --role administrator{named}",
    )


def watch_folders(platform: Platform, folders: Sequence[Path]) -> Callable[[], None]:
    """Apply folders again whenever a file of theirs changes; give what stops that."""
    stopped = threading.Event()

    def look() -> None:
        seen = _fingerprint(folders)
        while not stopped.wait(_WATCH_EVERY_S):
            now = _fingerprint(folders)
            if now == seen:
                continue
            seen = now
            try:
                applied = apply_folders(platform, folders, comment="saved file")
            except EngineError as error:
                click.echo(f"not applied: {error}", err=True)
            else:
                click.echo(f"release {applied.release.number}" + ("" if applied.is_new else ", nothing changed"))

    thread = threading.Thread(target=look, name="fieldstone-watch", daemon=True)
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(timeout=5)

    return stop


def _fingerprint(folders: Sequence[Path]) -> frozenset[tuple[str, int, int]]:
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                facts = path.stat()
            except OSError:  # removed between listing and looking
                continue
            found.add((str(path), facts.st_mtime_ns, facts.st_size))
    return frozenset(found)


COMMANDS = {"serve": serve, "worker": worker}
