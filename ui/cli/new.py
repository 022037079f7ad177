"""The command `new`: copies a small app that runs into a new folder, under the name asked for."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from metamodel.linking.app_order import CORE
from metamodel.names import name_fault

_SAMPLE_NAME = "my_app"


@click.command()
@click.argument("app", type=click.Path(path_type=Path))
def new(app: Path) -> None:
    """Make the folder APP of a new app: an object, a role, a menu and a rule, ready to serve.

    Example: fieldstone new my_crm
    """
    fault = name_fault(app.name)
    if fault is not None:
        raise click.ClickException(f"'{app.name}' {fault}; the folder's name is the app's name.")
    if app.name == CORE:
        raise click.ClickException(f"'{CORE}' is the app that every installation has; give yours another name.")
    if app.exists() and any(app.iterdir()):
        raise click.ClickException(f"{app} exists and is not empty.")
    _copy(resources.files("ui.cli") / "new_app", app, app.name)
    click.echo(f"made {app}; start it with: fieldstone serve {app}")


def _copy(source: Traversable, target: Path, name: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name, name)
        else:
            text = entry.read_text(encoding="utf-8").replace(_SAMPLE_NAME, name)
            (target / entry.name).write_text(text.replace("My app", _label(name)), encoding="utf-8")


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


COMMANDS = {"new": new}
