"""The command `users`: list, add, password, roles, disable, enable. It needs the database, not a sign-in."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from ui.cli.opening import command_line_actor, database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.access.actor import Actor
    from engine.platform import Platform


@click.group()
def users() -> None:
    """List, add and change users.

    Example: fieldstone users add ann@example.com --name "Ann Lee" --role administrator
    """


@users.command("list")
@click.option("--as", "manager", metavar="LOGIN", help="Those whom this user administrates.")
@database_option
@json_option
def list_users(manager: str | None, database_url: str | None, as_json: bool) -> None:
    """List the users with their roles.

    Example: fieldstone users list
    """
    with opened_platform(database_url) as platform:
        if manager is None:
            found = platform.accounts.administration.list_users()
        else:
            found = platform.delegation.users(command_line_actor(platform, manager))
    if as_json:
        from ui.cli.output import write_json

        write_json(
            [
                {"id": u.id, "login": u.login, "name": u.name, "enabled": u.enabled, "roles": u.roles}
                | ({"role_ends": {role: end.isoformat() for role, end in u.role_ends.items()}} if u.role_ends else {})
                for u in found
            ]
        )
        return
    from ui.cli.output import write_table

    rows = [(u.login, u.name, ", ".join(u.roles), "yes" if u.enabled else "no") for u in found]
    write_table(("login", "name", "roles", "may sign in"), rows)


@users.command()
@click.argument("login")
@click.option("--name", help="The person's name; without it the part before the @.")
@click.option("--role", "roles", multiple=True, help="A role to hold; may be given several times.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--generate", is_flag=True, help="Make a password and show it.")
@click.option("--service", is_flag=True, help="A program's account: it has tokens and no password.")
@click.option("--team", metavar="TEAM", help="The team, by its id or name.")
@click.option("--as", "manager", metavar="LOGIN", help="In the name of who administrates users of that team.")
@database_option
def add(
    login: str,
    name: str | None,
    roles: tuple[str, ...],
    password_stdin: bool,
    generate: bool,
    service: bool,
    team: str | None,
    manager: str | None,
    database_url: str | None,
) -> None:
    """Add a user who signs in with the e-mail address LOGIN; the password is asked for, or set by mail with --as.

    Example: fieldstone users add ann@example.com --name "Ann Lee" --role administrator
    """
    if manager is not None and (password_stdin or generate or service):
        raise click.UsageError("With --as the user sets a password by mail; --service is for who holds the database.")
    with opened_platform(database_url) as platform:
        actor = command_line_actor(platform, manager)
        team_id = None if team is None else _team_of(platform, actor, team)
        password = None if service or manager else _choose_password(stdin=password_stdin, generate=generate)
        if manager is not None:
            platform.delegation.create_user(actor, login, name=name or "", team_id=team_id, roles=roles)
        else:
            values = {key: value for key, value in (("name", name), ("team", team_id)) if value}
            administration = platform.accounts.administration
            administration.create_user(actor, login, password=password, roles=roles, values=values, service=service)
    click.echo(f"added {login}" + (f", password {password}" if generate and password is not None else ""))


@users.command()
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--generate", is_flag=True, help="Make a password and show it.")
@database_option
def password(login: str, password_stdin: bool, generate: bool, database_url: str | None) -> None:
    """Set a user's password; all sessions of the user end.

    Example: fieldstone users password ann@example.com --generate
    """
    with opened_platform(database_url) as platform:
        platform.accounts.administration.find_user(login)
        chosen = _choose_password(stdin=password_stdin, generate=generate)
        platform.accounts.administration.set_password(login, chosen)
    click.echo(f"password of {login} set" + (f": {chosen}" if generate else ""))


@users.command()
@click.argument("login")
@click.argument("roles", nargs=-1)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of those that are new (app's zone).")
@click.option("--as", "manager", metavar="LOGIN", help="In the name of who gives these; roles they don't give stay.")
@database_option
def roles(
    login: str, roles: tuple[str, ...], until: dt.datetime | None, manager: str | None, database_url: str | None
) -> None:
    """Let a user hold exactly these ROLES; none given takes all away. With an end they end by themselves.

    Example: fieldstone users roles ann@example.com sales_rep finance --until 2026-12-31
    """
    from engine.records.sharing.sharing import end_of

    with opened_platform(database_url) as platform:
        administration = platform.accounts.administration
        if manager is not None:
            actor, last = command_line_actor(platform, manager), None if until is None else until.date()
            platform.delegation.set_roles(actor, administration.find_user(login).id, roles, until=last)
        else:
            zone = ZoneInfo(platform.releases.current().metamodel.main.timezone)
            end = None if until is None else end_of(until.date(), zone)
            administration.set_roles(login, roles, by="command line", until=end)
        held = administration.find_user(login)
    ends = {role: f"{role} until {end.isoformat()}" for role, end in held.role_ends.items()}
    click.echo(f"{login} holds {', '.join(ends.get(role, role) for role in held.roles) or 'no role'}")


@users.command()
@click.argument("login")
@database_option
def disable(login: str, database_url: str | None) -> None:
    """Let a user sign in no more; sessions and tokens end at once.

    Example: fieldstone users disable ann@example.com
    """
    with opened_platform(database_url) as platform:
        platform.accounts.administration.disable(login)
    click.echo(f"disabled {login}")


@users.command()
@click.argument("login")
@database_option
def enable(login: str, database_url: str | None) -> None:
    """Let a disabled user sign in again.

    Example: fieldstone users enable ann@example.com
    """
    with opened_platform(database_url) as platform:
        platform.accounts.administration.enable(login)
    click.echo(f"enabled {login}")


@users.command("remove-factor")
@click.argument("login")
@database_option
def remove_factor(login: str, database_url: str | None) -> None:
    """Take away the second factor of a user who has lost it; all sessions of the user end.

    Example: fieldstone users remove-factor ann@example.com
    """
    from engine.accounts.trail import COMMAND_LINE

    with opened_platform(database_url) as platform:
        user = platform.accounts.administration.find_user(login)
        platform.accounts.factors.remove(user.id, by=COMMAND_LINE)
    click.echo(f"{login} has no second factor now")


@users.command()
@click.argument("login")
@click.option("--end", "ending", is_flag=True, help="End them all.")
@database_option
def sessions(login: str, ending: bool, database_url: str | None) -> None:
    """List where a user is logged in, or end it.

    Example: fieldstone users sessions ann@example.com --end
    """
    from engine.accounts.trail import COMMAND_LINE
    from ui.cli.output import write_table

    with opened_platform(database_url) as platform:
        accounts = platform.accounts
        found = accounts.list_sessions(accounts.administration.find_user(login).id)
        for each in found if ending else ():
            accounts.end_session(each.id, by=COMMAND_LINE)
    if ending:
        click.echo(f"{len(found)} ended")
        return
    rows = [(each.created_at.isoformat(), each.seen_at.isoformat(), each.address, each.agent[:60]) for each in found]
    write_table(("begun", "last used", "address", "browser"), rows)


@users.command()
@click.argument("login")
@click.option("--to", "others", multiple=True, required=True, help="Who takes over; several take turns.")
@database_option
@json_option
def offboard(login: str, others: tuple[str, ...], database_url: str | None, as_json: bool) -> None:
    """Shut a user out and hand over records, tasks, approvals and runs of rules; what is left is told.

    Example: fieldstone users offboard ann@example.com --to bob@example.com --to boss@example.com
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        report = platform.offboarding.run(command_line_actor(platform, None), login, others)
    if as_json:
        write_json(report.plain())
        return
    click.echo(f"{report.sessions} sessions, {report.tokens} tokens and {report.exports} exports of {login} ended")
    rows = [(each.what, str(each.count), str(len(each.kept))) for each in report.handed]
    write_table(("handed over", "count", "kept"), rows)
    for each in report.handed:
        for line in each.kept:
            click.echo(f"kept {each.what} {line}")
    for place in report.rules:
        click.echo(f"names {login}: {place}")


def _team_of(platform: Platform, actor: Actor, team: str) -> str:
    """Give the id of a team that is named by its id or name, among those in reach; else as it was given."""
    teams = platform.delegation.reach_of(actor).teams
    named = [key for key, name in teams.items() if name == team]
    return named[0] if len(named) == 1 and team not in teams else team


def _choose_password(*, stdin: bool, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(12)
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    chosen: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return chosen


COMMANDS = {"users": users}
