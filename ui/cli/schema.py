"""The command `schema`: the JSON Schemas of the app files, for editors."""

from __future__ import annotations

from importlib import resources

import click

_SUFFIX = ".schema.json"


@click.command()
@click.argument("kind", required=False)
def schema(kind: str | None) -> None:
    """Print the JSON Schema of one KIND of file (object, role, menus …), or the list of kinds.

    Example: fieldstone schema object > object.schema.json
    """
    folder = resources.files("metamodel") / "schemas"
    files = {entry.name.removesuffix(_SUFFIX): entry for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)}
    if kind is None:
        click.echo("\n".join(sorted(files)))
        return
    if kind not in files:
        raise click.ClickException(f"There is no file kind '{kind}'; there are {', '.join(sorted(files))}.")
    click.echo(files[kind].read_text(encoding="utf-8"), nl=False)


COMMANDS = {"schema": schema}
