"""The command `fmt`: brings the files of app folders to the canonical form."""

from __future__ import annotations

from pathlib import Path

import click

from ui.cli import WRONG_INPUT


@click.command("fmt")
@click.argument("apps", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file would change.")
def fmt(apps: tuple[Path, ...], only_check: bool) -> None:
    """Bring rules, expressions and YAML of app folders (or single files) to the canonical form; comments stay.

    Example: fieldstone fmt my_crm --check
    """
    from metamodel.schema_walk import SchemaWalk
    from ui.cli.output import counted

    walk = SchemaWalk()
    changed = [path for given in apps for path in _files(given) if _format(path, given, walk, write=not only_check)]
    for path in changed:
        click.echo(f"{'would change' if only_check else 'changed'} {path}")
    if only_check and changed:
        click.echo(f"{counted(len(changed), 'file')} not in the canonical form")
        raise SystemExit(WRONG_INPUT)


def _files(given: Path) -> list[Path]:
    return [given] if given.is_file() else sorted(path for path in given.rglob("*") if path.is_file())


def _format(path: Path, given: Path, walk: object, *, write: bool) -> bool:
    from metamodel.folder import FileKind, file_kind
    from metamodel.schema_set import SCHEMA_KINDS
    from metamodel.schema_walk import SchemaWalk
    from workflow_dsl.formatting.rules_text import format_rules
    from workflow_dsl.formatting.yaml_text import format_yaml

    assert isinstance(walk, SchemaWalk)
    inside = path.relative_to(given).as_posix() if given.is_dir() else f"{path.parent.name}/{path.name}"
    kind = file_kind(inside) or file_kind(path.name)
    if kind is None or path.is_symlink():
        return False
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    if kind is FileKind.RULES:
        made = format_rules(text)
    elif kind.value in SCHEMA_KINDS and path.suffix == ".yaml":
        made = format_yaml(text, kind.value, walk)
    else:
        return False
    if made.encode() == content:
        return False
    if write:
        path.write_bytes(made.encode())
    return True


COMMANDS = {"fmt": fmt}
