"""A served installation for tests: the app `deals` on a database, users of every role, and clients signed in as them.

Real platform, real application; only password hashing is cheap. It starts no server and no worker.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor, Origin, system_actor
from engine.accounts.opening import AccountSettings
from engine.accounts.passwords import PasswordCost
from engine.clock import Clock
from engine.platform import Platform
from engine.settings import PlatformSettings
from plugins.manager import PluginManager
from tests.support.prepared import fill_from_original
from ui.app import create_app
from ui.security import WebSettings

DEALS = Path(__file__).resolve().parent.parent / "corpus" / "apps" / "deals"
PASSWORD = "correct horse battery"
CHEAP = AccountSettings(password_cost=PasswordCost(memory_kib=8, passes=1))
USERS = {"ann": ("rep",), "bob": ("rep",), "boss": ("boss",), "none": (), "admin": ("administrator",)}


@dataclass(slots=True, repr=False)
class Served:
    """One served installation. tokens: login name before the @ → bearer token."""

    platform: Platform
    app: Flask
    tokens: dict[str, str] = field(default_factory=dict)
    user_ids: dict[str, str] = field(default_factory=dict)

    def call(self, who: str | None, method: str, path: str, **options: Any) -> TestResponse:
        """Call the API as a user by token, or as nobody."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        address = path if path.startswith("/api/") else f"/api/v1{path}"
        return self.app.test_client().open(address, method=method, headers=headers, **options)

    def get(self, who: str | None, path: str, **options: Any) -> TestResponse:
        """GET as a user."""
        return self.call(who, "GET", path, **options)

    def make(self, who: str, object_name: str, **values: Any) -> dict[str, Any]:
        """Create a record by the API and give it."""
        answer = self.call(who, "POST", f"/records/{object_name}", json=values)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found

    def browser(self) -> FlaskClient:
        """Give a client that keeps cookies, signed in as nobody."""
        return self.app.test_client()

    def sign_in(self, who: str, password: str = PASSWORD, client: FlaskClient | None = None) -> FlaskClient:
        """Give a client with the session of a user."""
        client = client or self.browser()
        answer = post_form(client, "/login", {"login": login_of(who), "password": password})
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return client

    def system(self) -> Actor:
        """Give the product itself as actor."""
        return system_actor(Origin.CLI)


def login_of(who: str) -> str:
    """Give the e-mail address a user signs in with."""
    return f"{who}@example.com"


def csrf_token(client: FlaskClient, page: str = "/login") -> str:
    """Give the CSRF token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert found is not None, f"{page} has no CSRF token"
    return found[1]


def post_form(client: FlaskClient, path: str, values: Mapping[str, str], page: str = "/login") -> TestResponse:
    """Send a form with its CSRF token, as a browser would."""
    return client.post(path, data={**values, "csrf_token": csrf_token(client, page)})


@contextmanager
def serve_deals(
    database_url: str,
    folder: Path,
    *,
    settings: WebSettings | None = None,
    app_folder: Path = DEALS,
    accounts: AccountSettings = CHEAP,
    clock: Clock | None = None,
    plugins: PluginManager | None = None,
) -> Iterator[Served]:
    """Give the application over the app `deals` with its users, on a database that must be empty.

    App and users are made once a process for each content of an app folder and clock; the database becomes a copy of
    theirs. plugins: those of the served platform, in place of the shipped ones.
    """
    key = repr((_content(app_folder), accounts.password_cost, clock.now() if clock else None))

    def prepare(original: str) -> None:
        with closing(_open(original, folder, accounts, clock)) as platform:
            platform.apply_release([app_folder], author="test")
            _people[key, _kind(original)] = make_people(platform)

    fill_from_original(database_url, key, prepare)
    people = _people[key, _kind(database_url)]
    with closing(_open(database_url, folder, accounts, clock, plugins)) as platform:
        app = create_app(platform, settings or WebSettings(secret_key="s" * 40))
        yield Served(platform, app, dict(people.tokens), dict(people.user_ids))


def _content(folder: Path) -> str:
    """Name what an app folder holds, wherever it lies."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [(path.relative_to(folder.parent).as_posix(), path.read_bytes()) for path in files]
    return hashlib.sha256(repr(found).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class People:
    """Tokens and ids of users by their name before the @."""

    tokens: dict[str, str]
    user_ids: dict[str, str]


_people: dict[tuple[str, str], People] = {}


def _kind(database_url: str) -> str:
    return database_url.split(":", 1)[0]


def _open(
    database_url: str,
    folder: Path,
    accounts: AccountSettings,
    clock: Clock | None,
    plugins: PluginManager | None = None,
) -> Platform:
    settings = PlatformSettings(database_url=database_url, data_folder=folder, secret_key="k" * 40)
    return Platform.open(settings, accounts=accounts, clock=clock, plugins=plugins)


def make_people(platform: Platform) -> People:
    """Make the users of USERS with a token each."""
    administration, people = platform.accounts.administration, People({}, {})
    for name, roles in USERS.items():
        people.user_ids[name] = administration.create_user(
            system_actor(Origin.CLI), login_of(name), password=PASSWORD, roles=roles
        )
        people.tokens[name] = administration.create_token(login_of(name), name="test")
    return people
