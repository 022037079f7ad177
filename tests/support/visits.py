"""A served app as users visit it: clients signed in once, pages asked for, forms sent, records read as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor, Origin
from tests.support.served import USERS, Served, csrf_token, login_of


@dataclass(slots=True)
class Visits:
    """The served app; clients: signed in, by user, kept for the module."""

    served: Served
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def client(self, who: str) -> FlaskClient:
        """Give a signed-in client."""
        if who not in self.clients:
            self.clients[who] = self.served.sign_in(who)
        return self.clients[who]

    def page(self, who: str, path: str, status: int = 200, headers: dict[str, str] | None = None) -> str:
        """Give a page's text."""
        answer = self.client(who).get(path, headers=headers)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, text[-2000:]
        return text

    def post(self, who: str, path: str, values: dict[str, Any], *, htmx: bool = False) -> TestResponse:
        """Send a form with the CSRF token of the home page."""
        client = self.client(who)
        given = {**values, "csrf_token": csrf_token(client, "/")}
        return client.post(path, data=given, headers={"HX-Request": "true"} if htmx else {})

    def actor(self, who: str) -> Actor:
        """Give a user as the door takes one."""
        roles = frozenset(USERS[who])
        return Actor(user_id=self.served.user_ids[who], login=login_of(who), roles=roles, origin=Origin.PAGE)

    def read(self, object_key: str, record_id: str) -> dict[str, Any]:
        """Give a record's values, as the product sees them."""
        return dict(self.served.platform.records.get(self.served.system(), object_key, record_id).values)
