"""The command `privacy`: what is kept of a person, erasing it, legal holds, and what the nightly job did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.privacy.service import Disposed


@click.group()
def privacy() -> None:
    """Give or erase all that is kept of a person, hold records, and list what became of them.

    Example: fieldstone privacy export contact:ID --to person.zip
    """


_only = click.option(
    "--only", is_flag=True, help="Only these records and their parts, none with the same mail address."
)
_records = click.argument("records", metavar="OBJECT:ID...", nargs=-1, required=True)


@privacy.command()
@_records
@_only
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The archive.")
@database_option
@json_option
def export(records: tuple[str, ...], only: bool, target: Path, database_url: str | None, as_json: bool) -> None:
    """Write all that is kept of a person as a zip archive; that it was done is an entry of the audit log.

    Example: fieldstone privacy export contact:0190b6c0-0000-7000-8000-000000000001 --to person.zip
    """
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        found = platform.privacy.export(command_line_actor(platform, None), records, target, only=only)
    counts = {name: len(found[name]) for name in ("records", "files", "mails", "runs", "other", "history", "audit")}
    if as_json:
        write_json({"person": found["person"], "file": str(target), **counts})
        return
    click.echo(f"{target}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


@privacy.command()
@_records
@_only
@click.option("--reason", default="request", show_default=True, help="Why, as the audit log has it.")
@click.option("--yes", is_flag=True, help="Do it; without it, what would be erased is listed.")
@database_option
@json_option
def erase(
    records: tuple[str, ...], only: bool, reason: str, yes: bool, database_url: str | None, as_json: bool
) -> None:
    """Erase a person: the records, their values in all other rows and files, and what the audit log can be read as.

    Example: fieldstone privacy erase contact:0190b6c0-0000-7000-8000-000000000001 --yes
    """
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        if not yes:
            named = [f"{key}:{record_id}" for key, record_id in platform.privacy.foretell(records, only=only)]
            if as_json:
                write_json({"would_erase": named})
                return
            click.echo("would erase " + ", ".join(named))
            click.echo("nothing was changed; do it with --yes")
            return
        done = platform.privacy.erase(command_line_actor(platform, None), records, only=only, reason=reason)
    if as_json:
        write_json(done.plain())
        return
    for key, record_id in done.person.records:
        click.echo(f"erased {key}:{record_id}")
    for table, count in sorted(done.tables.items()):
        click.echo(f"  {table}: {count}")
    if done.entries:
        numbers = ", ".join(str(each) for each in done.entries[:20])
        click.echo(
            f"{len(done.entries)} entries of the audit log hold values of fields that were not personal: {numbers}"
        )


@privacy.command()
@database_option
def again(database_url: str | None) -> None:
    """Erase again what a restored backup has brought back; servers and workers do it by themselves.

    Example: fieldstone privacy again
    """
    with opened_platform(database_url) as platform:
        click.echo(f"{platform.privacy.erase_again()} records erased again")


@privacy.command()
@click.argument("record", metavar="OBJECT:ID")
@click.option("--reason", required=True, help="Why it must be kept.")
@database_option
def hold(record: str, reason: str, database_url: str | None) -> None:
    """Put a record under legal hold: nobody and nothing erases or archives it.

    Example: fieldstone privacy hold contact:0190b6c0-0000-7000-8000-000000000001 --reason "case 17"
    """
    with opened_platform(database_url) as platform:
        platform.privacy.hold(command_line_actor(platform, None), record, reason)
    click.echo(f"{record} is under legal hold")


@privacy.command()
@click.argument("record", metavar="OBJECT:ID")
@database_option
def release(record: str, database_url: str | None) -> None:
    """End a legal hold.

    Example: fieldstone privacy release contact:0190b6c0-0000-7000-8000-000000000001
    """
    with opened_platform(database_url) as platform:
        ended = platform.privacy.release(command_line_actor(platform, None), record)
    click.echo(f"{record} is free" if ended else f"{record} was under no hold")


@privacy.command()
@database_option
@json_option
def retention(database_url: str | None, as_json: bool) -> None:
    """Do the nightly job now: erase or archive what is past its time, and count what was kept.

    Example: fieldstone privacy retention
    """
    from ui.cli.output import write_json

    with opened_platform(database_url) as platform:
        done = platform.privacy.keeper().run()
    counts = {"erased": done.erased, "archived": done.archived, "held": done.held, "kept": done.kept}
    if as_json:
        write_json(counts)
        return
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


@privacy.command("list")
@database_option
@json_option
def list_acts(database_url: str | None, as_json: bool) -> None:
    """List legal holds, and the newest records that were erased, archived or kept, with the reason.

    Example: fieldstone privacy list --json
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = [*platform.privacy.holds(), *platform.privacy.disposals()]
    if as_json:
        write_json([_plain(each) for each in found])
        return
    rows = [
        (each.act, f"{each.object}:{each.record_id}", f"{each.at:%Y-%m-%d %H:%MZ}", each.reason or "") for each in found
    ]
    write_table(("act", "record", "at", "reason"), rows)


def _plain(each: Disposed) -> dict[str, object]:
    at = each.at.isoformat()
    return {
        "act": each.act,
        "object": each.object,
        "id": each.record_id,
        "at": at,
        "by": each.by,
        "reason": each.reason,
    }


COMMANDS = {"privacy": privacy}
