"""The command `explain access`: may somebody do this, and by which line of which file; and the matrix of all rights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.cli import WRONG_INPUT
from ui.cli.opening import database_option, json_option, opened_platform

if TYPE_CHECKING:
    from engine.access.explaining.answers import Asked
    from engine.platform import Platform

_ACTIONS = ("read", "create", "update", "delete", "export")


@click.command("access")
@click.option("--as", "login", metavar="LOGIN", help="The user whose access is explained.")
@click.option("--matrix", is_flag=True, help="Print what each role of the last APP may do, a line a fact.")
@click.option("--write", is_flag=True, help="With --matrix: keep it as access.txt in the APP, for `check` to compare.")
@click.argument("words", nargs=-1, metavar="ACTION OBJECT[:ID][.FIELD] | APP...")
@database_option
@json_option
def access(
    login: str | None, matrix: bool, write: bool, words: tuple[str, ...], database_url: str | None, as_json: bool
) -> None:
    """Say whether a user may do something, and by which line of which file; or print the matrix of an app.

    Example: fieldstone explain access --as ann update opportunity:019a5c3e-….amount
    """
    if matrix:
        _matrix([Path(word) for word in words], write=write)
        return
    if login is None or len(words) != 2 or words[0] not in _ACTIONS:
        actions = ", ".join(_ACTIONS)
        raise click.UsageError(
            f"Say who, what and with what: --as LOGIN ACTION OBJECT[:ID][.FIELD]; ACTION: {actions}."
        )
    _explain(login, words[0], words[1], database_url, as_json=as_json)


def _matrix(apps: list[Path], *, write: bool) -> None:
    from engine.access.matrix import FILE, matrix_text
    from engine.platform import check_app_folders
    from ui.cli.failures import show_problems
    from ui.cli.sources import texts_of_folders

    if not apps:
        raise click.UsageError("Name the app folders, the one whose matrix it is last.")
    candidate = check_app_folders(apps)
    others = [problem for problem in candidate.problems.errors if problem.code != "APP435"]
    if candidate.metamodel is None or others:
        show_problems(others, texts_of_folders(apps))
        raise SystemExit(WRONG_INPUT)
    text = matrix_text(candidate.metamodel, candidate.metamodel.apps[-1])
    if not write:
        click.echo(text, nl=False)
        return
    target = apps[-1] / FILE
    target.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}")


def _explain(login: str, action: str, target: str, database_url: str | None, *, as_json: bool) -> None:
    from engine.access.actor import Origin, system_actor
    from ui.api.access_data import answer_to_json
    from ui.api.answers import to_json
    from ui.cli.told_access import answer_lines

    with opened_platform(database_url) as platform:
        person = platform.accounts.administration.find_user(login)
        asked = asked_of(platform, action, target)
        found = platform.access.explain(system_actor(Origin.CLI), person, asked)
    if as_json:
        click.echo(to_json(answer_to_json(found)).decode())
        return
    for line in answer_lines(found):
        click.echo(line)


def asked_of(platform: Platform, action: str, target: str) -> Asked:
    """Read what is asked about as it is typed: object, record and field."""
    from engine.access.explaining.answers import Asked
    from metamodel.names import did_you_mean

    metamodel = platform.releases.current().metamodel
    name, colon, rest = target.partition(":")
    record_id, dot, field = rest.partition(".") if colon else ("", "", "")
    if not colon and metamodel.find_object(name) is None:
        name, dot, field = name.rpartition(".") if "." in name else (name, "", "")
    found = metamodel.find_object(name)
    if found is None:
        hint = did_you_mean(name, metamodel.objects)
        raise click.ClickException(f"There is no object '{name}'{'; ' + hint if hint else '.'}")
    if colon and not record_id:
        raise click.ClickException("The record's id is missing after the colon: OBJECT:ID or OBJECT:ID.FIELD.")
    return Asked(action=action, object=found.key, record_id=record_id or None, field=field if dot else None)
