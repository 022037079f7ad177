"""The command `keys`: the keys of encrypted fields, and sealing all values anew with a new one."""

from __future__ import annotations

import click

from ui.cli.opening import database_option, json_option, opened_platform


@click.group()
def keys() -> None:
    """Look at the keys of encrypted fields, and take a new one.

    Example: fieldstone keys rotate
    """


@keys.command("list")
@database_option
@json_option
def list_keys(database_url: str | None, as_json: bool) -> None:
    """List the keys by their marks, that in use first, with how many values each has sealed.

    Example: fieldstone keys list --json
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = platform.resealer.counts()
    if as_json:
        write_json([{"key": mark.rstrip("."), "values": count} for mark, count in found.items()])
        return
    write_table(("key", "values"), [(mark.rstrip("."), str(count)) for mark, count in found.items()])


@keys.command()
@database_option
@json_option
def rotate(database_url: str | None, as_json: bool) -> None:
    """Add a key and seal all values anew with it; one that was stopped goes on with the key it had added.

    Example: fieldstone keys rotate
    """
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        resealer = platform.resealer
        goes_on = resealer.is_unfinished()
        key = resealer.ring.known()[0] if goes_on else resealer.ring.add()
        done = 0
        for count in resealer.reseal():
            done += count
            if not as_json:
                click.echo(f"{done} values sealed anew")
    name = key.mark.rstrip(".")
    if as_json:
        write_json({"key": name, "new": not goes_on, "values": done})
        return
    click.echo(
        f"{'went on with' if goes_on else 'new key'} {name}: {done} values sealed anew, older keys still open theirs"
    )


COMMANDS = {"keys": keys}
