"""The command `tokens`: create, list, revoke API tokens."""

from __future__ import annotations

from datetime import timedelta

import click

from ui.cli.opening import database_option, json_option, opened_platform


@click.group()
def tokens() -> None:
    """Make, list and revoke API tokens.

    Example: fieldstone tokens create ann@example.com --name reporting --scope read
    """


@tokens.command()
@click.argument("login")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope", "scopes", multiple=True, help="read, write, OBJECT:ACTION or right:NAME; read and write without."
)
@click.option("--days", type=click.IntRange(1, 3650), help="The days after which it expires; never without it.")
@database_option
def create(login: str, name: str, scopes: tuple[str, ...], days: int | None, database_url: str | None) -> None:
    """Make a token that acts as the user LOGIN; it is shown this once.

    Example: fieldstone tokens create ann@example.com --scope deal:read --scope deal:create --days 90
    """
    with opened_platform(database_url) as platform:
        expires_at = platform.clock.now() + timedelta(days=days) if days else None
        token = platform.accounts.administration.create_token(
            login, name=name, scopes=scopes or ("read", "write"), expires_at=expires_at
        )
    click.echo(token)


@tokens.command("list")
@click.argument("login", required=False)
@database_option
@json_option
def list_tokens(login: str | None, database_url: str | None, as_json: bool) -> None:
    """List the living tokens of a user, or of all.

    Example: fieldstone tokens list ann@example.com
    """
    from ui.cli.output import write_json, write_table

    with opened_platform(database_url) as platform:
        found = platform.accounts.administration.list_tokens(login)
        logins = {user.id: user.login for user in platform.accounts.administration.list_users()}
    rows = [
        {
            "id": token.id,
            "user": logins.get(token.user_id, token.user_id),
            "name": token.name,
            "starts": token.prefix,
            "scopes": sorted(token.scopes),
            "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        }
        for token in found
    ]
    if as_json:
        write_json(rows)
        return
    cells = [
        (r["id"], r["user"], r["name"], r["starts"], ", ".join(sorted(t.scopes)), r["expires_at"] or "never")
        for r, t in zip(rows, found, strict=True)
    ]
    write_table(("id", "user", "name", "starts with", "scopes", "expires"), cells)


@tokens.command()
@click.argument("token_id")
@database_option
def revoke(token_id: str, database_url: str | None) -> None:
    """End a token at once; `tokens list` shows the ids.

    Example: fieldstone tokens revoke 019a5c3e-…
    """
    with opened_platform(database_url) as platform:
        if not platform.accounts.administration.revoke_token(token_id):
            raise click.ClickException(f"There is no living token '{token_id}'; `fieldstone tokens list` shows them.")
    click.echo("revoked")


COMMANDS = {"tokens": tokens}
