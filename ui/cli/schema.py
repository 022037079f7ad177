"""The command `schema`: the JSON Schemas of the app files, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("kind", required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write all schemas into this folder.")
def schema(kind: str | None, out: Path | None) -> None:
    """Print the JSON Schema of one KIND of file (object, role, menus …), or the list of kinds.

    Example: fieldstone schema object > object.schema.json
    """
    from metamodel.field_types import standard_field_types
    from metamodel.names import did_you_mean
    from metamodel.schema_set import SCHEMA_KINDS, editor_schema

    types = standard_field_types()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for each in SCHEMA_KINDS:
            text = json.dumps(editor_schema(each, types), indent=2, ensure_ascii=False)
            (out / f"{each}.schema.json").write_text(text + "\n", encoding="utf-8")
        click.echo(f"wrote {len(SCHEMA_KINDS)} schemas to {out}")
    elif kind is None:
        click.echo("\n".join(SCHEMA_KINDS))
    elif kind not in SCHEMA_KINDS:
        hint = did_you_mean(kind, SCHEMA_KINDS) or f"there are {', '.join(SCHEMA_KINDS)}."
        raise click.ClickException(f"There is no file kind '{kind}'; {hint}")
    else:
        click.echo(json.dumps(editor_schema(kind, types), indent=2, ensure_ascii=False))


COMMANDS = {"schema": schema}
