"""Files of users: which roles they get, and that a role that may not be granted refuses its row alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import Actor, Origin, system_actor
from engine.imports.result import ImportResult
from engine.platform import Platform
from tests.support.platforms import applied_platform

FILES = {
    "roles/rep.yaml": """
        role: rep
        objects:
          account: {read: all}
        """,
    "roles/lead.yaml": """
        role: lead
        objects:
          user: {read: all, create: yes, update: all}
        """,
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with applied_platform(database_url, tmp_path, FILES) as opened:
        yield opened


def _import(platform: Platform, folder: Path, object_key: str, text: str, **options: Any) -> ImportResult:
    path = folder / f"{object_key}.csv"
    path.write_text(text, encoding="utf-8")
    return platform.imports.import_csv(options.pop("actor", system_actor(Origin.CLI)), object_key, path, **options)


def test_users_get_the_roles_that_a_column_or_the_mapping_names(platform: Platform, tmp_path: Path) -> None:
    text = "email,name,manager,roles\nann@example.com,Ann,bob@example.com,rep\nbob@example.com,Bob,,\n"
    assert _import(platform, tmp_path, "user", text).created == 2
    assert _import(platform, tmp_path, "user", text).unchanged == 2
    held = {user.login: user.roles for user in platform.accounts.administration.list_users()}
    assert held == {"ann@example.com": ("rep",), "bob@example.com": ()}


def test_a_role_that_is_unknown_or_not_held_refuses_its_row_alone_with_all_that_is_wrong_with_it(
    platform: Platform, tmp_path: Path
) -> None:
    user = platform.records.create(system_actor(), "user", {"name": "Ann", "email": "ann@example.com"}).record
    lead = Actor(user_id=user.id, login="ann@example.com", roles=frozenset({"lead"}))
    text = (
        "email,name,active,manager,roles\nb@example.com,Bo,,,lead\nc@example.com,Cy,,,rep\n"
        "d@example.com,Di,perhaps,nobody,nothing | lead\ne@example.com,Ed,,,\n"
    )
    done = _import(platform, tmp_path, "user", text, actor=lead, errors_file=tmp_path / "errors.csv")
    assert (done.created, done.refused) == (2, 2)
    told = {(each.line, each.column): each.reason for each in done.errors}
    assert sorted(told) == [(3, "roles"), (4, "active"), (4, "manager"), (4, "roles")]
    assert "you do not hold all of what these roles give" in told[3, "roles"]
    assert "'nothing'" in told[4, "roles"]
    held = {user.login: user.roles for user in platform.accounts.administration.list_users()}
    assert held == {"ann@example.com": (), "b@example.com": ("lead",), "e@example.com": ()}
    refused = (tmp_path / "errors.csv").read_text(encoding="utf-8-sig")
    assert "; active: This must be true or false." in refused
