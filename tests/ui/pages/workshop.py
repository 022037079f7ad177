"""The app `workshop` as its pages' tests use it: records made through the door, pages asked for, forms sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor, Origin
from tests.support.served import Served, login_of

WORKSHOP = Path(__file__).resolve().parents[2] / "corpus" / "apps" / "workshop"
EVIL = """<b onmouseover="x()">'"&</b><script>x()</script>"""


@dataclass(slots=True)
class Site:
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
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").get_data(as_text=True))
        assert token is not None
        headers = {"HX-Request": "true"} if htmx else {}
        return client.post(path, data={**values, "csrf_token": token[1]}, headers=headers)

    def actor(self, who: str, roles: tuple[str, ...]) -> Actor:
        """Give a user as the door takes one."""
        return Actor(user_id=self.served.user_ids[who], login=login_of(who), roles=frozenset(roles), origin=Origin.PAGE)

    def make(self, object_key: str, owner: str = "ann", **values: Any) -> str:
        """Create a record and give its id."""
        if object_key in ("job", "firm"):
            values.setdefault("owner", {"object": "user", "id": self.served.user_ids[owner]})
        records = self.served.platform.records
        return records.create(self.served.system(), object_key, values, confirm=None).record.id

    def read(self, object_key: str, record_id: str) -> dict[str, Any]:
        """Give a record's values."""
        return dict(self.served.platform.records.get(self.served.system(), object_key, record_id).values)

    def statements(self, who: str, path: str) -> list[str]:
        """Give the SQL statements of a page once it is warm."""
        self.page(who, path)
        with self.served.platform.database.statements.recording() as found:
            self.page(who, path)
        return list(found)


def hidden_fields(page: str) -> dict[str, str]:
    """Give what the form of a record page or form sends without a person's doing: starting texts and version."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value for name, value in pairs if name.startswith("was-") or name in ("version", "fs-back")}
