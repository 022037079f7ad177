"""The sales app with random data as a test client sees it: an application, its data, and a session for each user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.platform import Platform
from tests.support.access_reference import AccessReference
from tests.support.sales import PEOPLE, SalesInstallation
from tests.support.sales_world import SalesWorld
from tests.support.served import PASSWORD, login_of, post_form


@dataclass(slots=True)
class Scene:
    """One installation with its data, its application, and what each user may read by the reference."""

    sales: SalesInstallation
    platform: Platform
    app: Flask
    world: SalesWorld
    run_ids: list[str] = field(default_factory=list)
    request_ids: dict[str, str] = field(default_factory=dict)
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    references: dict[str, AccessReference] = field(default_factory=dict)

    def reference(self, who: str) -> AccessReference:
        """Give the plain reading of a user's roles; the files are read once."""
        if who not in self.references:
            world = self.world.as_reference(self.sales, PEOPLE)
            made = AccessReference(self.sales.app, world, self.sales.user_ids[who], PEOPLE[who][2])
            self.references[who] = made
        return self.references[who]

    def may_read(self, who: str, record_id: str) -> bool:
        """Say whether a user may read a record, of whatever object."""
        name = next(each for each, records in self.world.records.items() if record_id in records)
        return self.reference(who).may_read(name, record_id)

    def call(self, who: str, method: str, path: str, **options: Any) -> TestResponse:
        """Call the API by token, a page by session."""
        if path.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.sales.tokens[who]}"}
            return self.app.test_client().open(path, method=method, headers=headers, **options)
        return self.session(who).open(path, method=method, **options)

    def post_form(self, who: str, path: str, values: Mapping[str, str]) -> TestResponse:
        """Send a form with the CSRF token of the session."""
        return post_form(self.session(who), path, values, page="/")

    def session(self, who: str) -> FlaskClient:
        """Give the client with a user's session."""
        if who not in self.clients:
            client = self.app.test_client()
            answer = post_form(client, "/login", {"login": login_of(who), "password": PASSWORD})
            assert answer.status_code == 303
            self.clients[who] = client
        return self.clients[who]
