"""Builders of installations for tests: a small app written into a folder, applied to a database, ready for use.

`small_app` writes files given as texts; `open_platform` makes the platform over a database address of a fixture;
`applied_platform` does both and publishes. Nothing here knows pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from engine.clock import Clock
from engine.ids import IdMaker
from engine.platform import Platform
from engine.settings import PlatformSettings
from plugins.manager import PluginManager
from tests.support.prepared import fill_from_original

Files = Mapping[str, str]
"""Path inside the app folder → text; indentation common to all lines is taken away."""


def small_app(folder: Path, files: Files, *, name: str = "shop", settings: str = "") -> Path:
    """Write an app folder and give it; app.yaml is written where `files` has none.

    settings: further lines of app.yaml.
    """
    app = folder / name
    app.mkdir(parents=True, exist_ok=True)
    if "app.yaml" not in files:
        text = f"app: {name}\nversion: 1.0.0\nlabel: Shop\ncurrency: CNY\ntimezone: Asia/Shanghai\n{dedent(settings)}"
        (app / "app.yaml").write_text(text, encoding="utf-8")
    write_files(app, files)
    return app


def write_files(app: Path, files: Files) -> None:
    """Write files of an app folder, over what is there."""
    for path, text in files.items():
        target = app / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")


def settings_for(database_url: str, folder: Path) -> PlatformSettings:
    """Give settings of an installation that keeps everything in the test's folder."""
    return PlatformSettings(
        database_url=database_url,
        data_folder=folder / "data",
        secret_key="a secret of the tests only, long enough",
        pool_size=5,
        watch_seconds=0.05,
        testing=True,
    )


@contextmanager
def open_platform(
    database_url: str,
    folder: Path,
    *,
    plugins: PluginManager | None = None,
    clock: Clock | None = None,
    ids: IdMaker | None = None,
) -> Iterator[Platform]:
    """Open a platform over a database and close it at the end of the block; no thread is started."""
    manager = plugins or PluginManager.load(candidates=(), environment={})
    platform = Platform.open(settings_for(database_url, folder), plugins=manager, clock=clock, ids=ids)
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def applied_platform(
    database_url: str,
    folder: Path,
    files: Files,
    *,
    settings: str = "",
    plugins: PluginManager | None = None,
    clock: Clock | None = None,
    ids: IdMaker | None = None,
) -> Iterator[Platform]:
    """Open a platform with a small app applied: `files` as of `small_app`, the app's name is `shop`.

    The app is applied once a process; the database at `database_url`, which must be empty, becomes a copy.
    """
    app = small_app(folder, files, settings=settings)

    def prepare(original: str) -> None:
        with open_platform(original, folder, plugins=plugins) as platform:
            platform.apply_release([app], author="test")

    names = sorted(status.name for status in plugins.statuses) if plugins is not None else []
    fill_from_original(database_url, repr((sorted(files.items()), settings, names)), prepare)
    with open_platform(database_url, folder, plugins=plugins, clock=clock, ids=ids) as platform:
        yield platform
