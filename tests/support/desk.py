"""The app `desk` as its tests use it: leads whose completeness counts, with pages and API as each user sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor, Origin
from tests.support.served import Served, login_of

DESK = Path(__file__).resolve().parents[1] / "corpus" / "apps" / "desk"
_ROLES = {"ann": ("rep",), "bob": ("rep",), "boss": ("boss",), "none": (), "admin": ("administrator",)}


@dataclass(slots=True)
class Desk:
    """The served app; clients: signed in, by user, kept for the module."""

    served: Served
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def client(self, who: str) -> FlaskClient:
        """Give a signed-in client."""
        if who not in self.clients:
            self.clients[who] = self.served.sign_in(who)
        return self.clients[who]

    def page(self, who: str, path: str, status: int = 200, **headers: str) -> str:
        """Give a page's text."""
        answer = self.client(who).get(path, headers=headers)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, text[-2000:]
        return text

    def post(self, who: str, path: str, values: dict[str, Any]) -> TestResponse:
        """Send a form with the CSRF token of the home page."""
        client = self.client(who)
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").get_data(as_text=True))
        assert token is not None
        return client.post(path, data={**values, "csrf_token": token[1]})

    def actor(self, who: str) -> Actor:
        """Give a user as the door takes one."""
        roles = frozenset(_ROLES[who])
        return Actor(user_id=self.served.user_ids[who], login=login_of(who), roles=roles, origin=Origin.PAGE)

    def make(self, object_key: str, owner: str | None = "ann", **values: Any) -> str:
        """Create a record as the product itself and give its id; owner None = nobody's."""
        mine = {"object": "user", "id": self.served.user_ids[owner]} if owner is not None else None
        records = self.served.platform.records
        given = {"owner": mine, **values}
        return records.create(self.served.system(), object_key, given, confirm=None).record.id

    def read(self, object_key: str, record_id: str) -> dict[str, Any]:
        """Give a record's values, as the product sees them."""
        return dict(self.served.platform.records.get(self.served.system(), object_key, record_id).values)

    def visible_text(self, page: str) -> str:
        """Give a page's main part without markup."""
        main = page.split("<main", 1)[-1]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())
