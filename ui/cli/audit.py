"""The command `audit`: the log of who did what, and the proof that nobody has touched it since it was sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.audit.entries import AuditEntry, AuditFilter
    from engine.platform import Platform

Command = TypeVar("Command", bound=Callable[..., object])


def _narrowing(command: Command) -> Command:
    """Give a command the options that narrow the log."""
    for option in (
        click.option("--object", help="Only of this object, or of fs_account, fs_release, fs_setting …"),
        click.option("--record", help="Only of the record with this id."),
        click.option("--actor", help="Only by this person: an id, or a part of the name."),
        click.option("--action", help="Only this action: created, updated, deleted, refused, signed_in …"),
        click.option("--origin", help="Only by this entrance: page, api, cli, import, form, rule, system."),
        click.option("--since", help="Only from this moment on: 2026-01-31 or 2026-01-31T08:00:00Z."),
        click.option("--until", help="Only before this moment."),
    ):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Read the audit log, and prove that it is untouched.

    Example: fieldstone audit verify
    """


@audit.command()
@click.option("--known", metavar="HEAD", help="The head that an earlier proof gave; a log that was cut off lacks it.")
@database_option
@json_option
def verify(known: str | None, database_url: str | None, as_json: bool) -> None:
    """Seal what can be sealed, then compare every entry with its seal.

    Example: fieldstone audit verify --known 12:5f0c…
    """
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        platform.audit.sealer.seal()
        found = platform.audit.verifier.verify(known_head=known)
    if as_json:
        finding = {"damage": found.finding.damage, "entry": found.finding.entry} if found.finding else None
        told = {"sealed_to": found.sealed_to, "checked": found.checked, "unsealed": found.unsealed}
        write_json({"sound": found.is_sound, **told, "head": found.head, "finding": finding})
    else:
        click.echo(f"sealed up to entry {found.sealed_to}, {found.unsealed} newer ones are not sealed yet")
        click.echo(f"head {found.head}" if found.head else "nothing is sealed yet")
    if found.finding is not None:
        raise click.ClickException(found.finding.sentence)
    if not as_json:
        click.echo(f"{found.checked} entries are as they were sealed")


@audit.command("list")
@_narrowing
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200))
@database_option
@json_option
def list_entries(limit: int, database_url: str | None, as_json: bool, **given: str | None) -> None:
    """List entries, the newest first.

    Example: fieldstone audit list --object account --since 2026-01-31
    """
    from ui.audit_filter import entry_to_json
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        which = _filter(platform, given)
        found = platform.audit.log.list(command_line_actor(platform, None), which, limit=limit).rows
    if as_json:
        write_json([entry_to_json(each) for each in found])
        return
    rows = [
        (str(each.id), f"{each.at:%Y-%m-%d %H:%M:%SZ}", each.actor_name, each.action, _about(each), _changed(each))
        for each in found
    ]
    write_table(("entry", "at", "who", "action", "of", "changed"), rows)


@audit.command()
@click.argument("entry", type=int)
@database_option
@json_option
def show(entry: int, database_url: str | None, as_json: bool) -> None:
    """Show one entry with what was before and after.

    Example: fieldstone audit show 4711
    """
    from ui.audit_filter import entry_to_json
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        found = platform.audit.log.show(command_line_actor(platform, None), entry)
    if as_json:
        write_json(entry_to_json(found))
        return
    for name, value in entry_to_json(found).items():
        if value not in (None, "", []) and name != "changes":
            click.echo(f"{name}: {value}")
    for each in found.changes:
        click.echo(f"  {each.name}: ****" if each.masked else f"  {each.name}: {each.old!r} -> {each.new!r}")


@audit.command()
@_narrowing
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@database_option
def export(file: TextIO, database_url: str | None, **given: str | None) -> None:
    """Write entries as JSON lines, the newest first; that it was done is an entry itself.

    Example: fieldstone audit export --since 2026-01-31 log.jsonl
    """
    import orjson

    from ui.audit_filter import entry_to_json

    with opened_platform(database_url) as platform:
        for each in platform.audit.log.export(command_line_actor(platform, None), _filter(platform, given)):
            file.write(orjson.dumps(entry_to_json(each), default=str).decode() + "\n")


def _filter(platform: Platform, given: Mapping[str, str | None]) -> AuditFilter:
    from ui.audit_filter import FilterUnclear, read_filter

    texts = {name: text for name, text in given.items() if text}
    try:
        return read_filter(texts, platform.releases.current().metamodel)
    except FilterUnclear as unclear:
        raise click.UsageError(str(unclear)) from None


def _about(entry: AuditEntry) -> str:
    return f"{entry.object} {entry.title or entry.record_id or ''}".strip()


def _changed(entry: AuditEntry) -> str:
    return ", ".join(each.name for each in entry.changes)


COMMANDS = {"audit": audit}
