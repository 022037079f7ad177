"""The command `pull`: writes the live configuration into folders, leaving files alone that say the same."""

from __future__ import annotations

from pathlib import Path

import click

from ui.cli.opening import database_option, opened_platform


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Delete app files there that the live release does not have.")
@database_option
def pull(folder: Path, prune: bool, database_url: str | None) -> None:
    """Write the apps of the live release into FOLDER, each in a folder of its own; comments and order stay.

    Files that say the same already are not touched. App files that the release does not have are named and stay.

    Example: fieldstone pull apps
    """
    from metamodel.folder import file_kind
    from ui.cli.output import counted

    with opened_platform(database_url) as platform:
        release = platform.releases.current()
    files = {path: text for path, text in release.sources.items() if not path.startswith("core/")}
    written = [path for path, text in sorted(files.items()) if _write(folder / path, text)]
    for path in written:
        click.echo(f"wrote {path}")
    for app in sorted({path.partition("/")[0] for path in files}):
        for there in sorted(each for each in (folder / app).rglob("*") if each.is_file()):
            inside = there.relative_to(folder / app).as_posix()
            if f"{app}/{inside}" in files or file_kind(inside) is None:
                continue
            if prune:
                there.unlink()
            click.echo(f"{'deleted' if prune else 'not in the release'} {app}/{inside}")
    click.echo(f"release {release.number}: {counted(len(written), 'file')} written, {len(files)} in all")


def _write(target: Path, text: str) -> bool:
    """Write a file unless it says the same already, whatever its line ends; say whether it was written."""
    if target.is_file():
        try:
            there = target.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            there = None
        if there == text:
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())
    return True


COMMANDS = {"pull": pull}
