"""An installation of the sales app for tests that use real processes: a copy of its folder, users of several roles.

Users are a small company: two teams, each with a manager and reps, a director above them, finance beside them. The
processes themselves are started by `processes`; nothing here serves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.access.actor import Origin, system_actor
from engine.platform import Platform
from engine.settings import PlatformSettings
from tests.support.prepared import fill_from_original
from tests.support.served import CHEAP, PASSWORD, login_of

SALES = Path(__file__).resolve().parents[2] / "sample_apps" / "sales"
SECRET_KEY = "a secret of the tests only, long enough"
TEAMS = ("East", "West")
# name → team, manager, roles
PEOPLE: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "admin": ("", "", ("administrator",)),
    "diana": ("", "", ("sales_director",)),
    "max": ("East", "diana", ("sales_manager",)),
    "wendy": ("West", "diana", ("sales_manager",)),
    "ann": ("East", "max", ("sales_rep",)),
    "bob": ("East", "max", ("sales_rep",)),
    "carl": ("West", "wendy", ("sales_rep",)),
    "dave": ("", "ann", ("sales_rep",)),
    "fiona": ("", "", ("finance",)),
    "nina": ("", "", ()),
}


@dataclass(slots=True)
class SalesInstallation:
    """A database with the sales app: its address, the copy of the app's folder, and what tests sign in with."""

    database_url: str
    folder: Path
    app: Path
    tokens: dict[str, str] = field(default_factory=dict)
    user_ids: dict[str, str] = field(default_factory=dict)
    team_ids: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """Give the variables that a process of this installation is started with."""
        return {
            "FIELDSTONE_DATABASE_URL": self.database_url,
            "FIELDSTONE_DATA_FOLDER": str(self.folder / "data"),
            "FIELDSTONE_SECRET_KEY": SECRET_KEY,
            **more,
        }

    def open(self) -> Platform:
        """Open a platform over it in this process."""
        return Platform.open(_settings(self.database_url, self.folder), accounts=CHEAP)


def sales_installation(database_url: str, folder: Path) -> SalesInstallation:
    """Apply a copy of the sales app to an empty database and make its users, each with a token."""
    app = folder / "sales"
    shutil.copytree(SALES, app, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    fill_from_original(database_url, "the sales app with its people", lambda url: _prepare(url, folder, app))
    made = SalesInstallation(database_url, folder, app)
    platform = made.open()
    try:
        for name in PEOPLE:
            made.user_ids[name] = platform.accounts.administration.find_user(login_of(name)).id
            made.tokens[name] = platform.accounts.administration.create_token(login_of(name), name="test")
        with platform.records.reading(system_actor(Origin.CLI)) as transaction:
            made.team_ids = {str(row["name"]): str(row["id"]) for row in transaction.cache.records("team")}
    finally:
        platform.close()
    return made


def _prepare(url: str, folder: Path, app: Path) -> None:
    platform = Platform.open(_settings(url, folder), accounts=CHEAP)
    actor = system_actor(Origin.CLI)
    try:
        platform.apply_release([app], author="test")
        teams = {name: platform.records.create(actor, "team", {"name": name}).record.id for name in TEAMS}
        users: dict[str, str] = {}
        for name, (team, manager, roles) in PEOPLE.items():
            users[name] = platform.accounts.administration.create_user(
                actor, login_of(name), password=PASSWORD, roles=roles
            )
            placed = {"name": name.title(), "team": teams.get(team), "manager": users.get(manager)}
            platform.records.update(actor, "user", users[name], placed)
    finally:
        platform.close()


def _settings(url: str, folder: Path) -> PlatformSettings:
    return PlatformSettings(
        database_url=url, data_folder=folder / "data", secret_key=SECRET_KEY, testing="PYTEST_VERSION" in os.environ
    )
