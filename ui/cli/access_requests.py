"""The command `access`: ask for what is refused, list what was asked, give what would do until a day, or refuse."""

from __future__ import annotations

import datetime as dt

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

_ACTIONS = ("read", "create", "update", "delete", "export")


@click.group()
def access() -> None:
    """Ask for access, and decide about what was asked.

    Example: fieldstone access ask update opportunity:019a5c3e-….amount --as ann@example.com --reason "for the audit"
    """


@access.command("list")
@click.option("--as", "login", metavar="LOGIN", help="What this user asked for and may decide; else all that is open.")
@database_option
@json_option
def list_requests(login: str | None, database_url: str | None, as_json: bool) -> None:
    """List requests for access, the newest first.

    Example: fieldstone access list
    """
    from ui.cli.output import write_json, write_table
    from ui.cli.told_access import asked_text

    with opened_platform(database_url) as platform:
        found = platform.access_requests.list(command_line_actor(platform, login))
    if as_json:
        from ui.api.access_requests import request_to_json

        write_json([request_to_json(each) for each in found])
        return
    requests = [(each.login, each.request) for each in found]
    rows = [(each.id, login, asked_text(each.asked), each.state.value, each.reason) for login, each in requests]
    write_table(("id", "who", "asks to", "state", "what for"), rows)


@access.command()
@click.argument("action", type=click.Choice(_ACTIONS))
@click.argument("target", metavar="OBJECT[:ID][.FIELD]")
@click.option("--as", "login", metavar="LOGIN", required=True, help="Who asks.")
@click.option("--reason", required=True, help="What it is needed for.")
@database_option
def ask(action: str, target: str, login: str, reason: str, database_url: str | None) -> None:
    """Ask in a user's name for what is refused; the record's owner and who administrates users are told.

    Example: fieldstone access ask read opportunity:019a5c3e-… --as ann@example.com --reason "for the audit"
    """
    from ui.cli.access import asked_of

    with opened_platform(database_url) as platform:
        asked = asked_of(platform, action, target)
        click.echo(platform.access_requests.ask(command_line_actor(platform, login), asked, reason))


@access.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--as", "login", metavar="LOGIN", help="With the eyes of this user.")
@database_option
@json_option
def show(request_id: str, login: str | None, database_url: str | None, as_json: bool) -> None:
    """Show one request, and what would do, the smallest first.

    Example: fieldstone access show 019a5c3e-…
    """
    from ui.cli.told_access import asked_text

    with opened_platform(database_url) as platform:
        found = platform.access_requests.get(command_line_actor(platform, login), request_id)
    if as_json:
        from ui.api.access_requests import request_to_json
        from ui.cli.output import write_json

        write_json(request_to_json(found))
        return
    request = found.request
    click.echo(f"{request.state.value}: {found.login} asks to {asked_text(request.asked)}: {request.reason}")
    if request.granted is not None and request.until is not None:
        click.echo(f"given: {request.granted} until {request.until.isoformat()}")
    if request.answer:
        click.echo(f"answer: {request.answer}")
    for option in found.options:
        click.echo(f"would do: {option.key}")


@access.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("grant", metavar="GRANT")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day of it (app's zone).")
@click.option("--as", "login", metavar="LOGIN", help="In the name of this user, who has to be one who may.")
@database_option
def grant(request_id: str, grant: str, until: dt.datetime, login: str | None, database_url: str | None) -> None:
    """Give one of the grants that would do (`share:read`, `share:edit`, `role:NAME`); it ends by itself.

    Example: fieldstone access grant 019a5c3e-… share:read --until 2026-12-31
    """
    with opened_platform(database_url) as platform:
        platform.access_requests.grant(command_line_actor(platform, login), request_id, grant, until.date())
    click.echo(f"gave {grant} until {until.date().isoformat()}")


@access.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--answer", default="", help="What who asked reads.")
@click.option("--as", "login", metavar="LOGIN", help="In the name of this user, who has to be one who may.")
@database_option
def refuse(request_id: str, answer: str, login: str | None, database_url: str | None) -> None:
    """Refuse a request.

    Example: fieldstone access refuse 019a5c3e-… --answer "ask again in May"
    """
    with opened_platform(database_url) as platform:
        platform.access_requests.refuse(command_line_actor(platform, login), request_id, answer)
    click.echo("refused")


COMMANDS = {"access": access}
