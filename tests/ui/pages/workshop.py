"""The app `workshop` as its pages' tests use it: records made through the door, pages asked for, forms sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.support.visits import Visits

WORKSHOP = Path(__file__).resolve().parents[2] / "corpus" / "apps" / "workshop"
EVIL = """<b onmouseover="x()">'"&</b><script>x()</script>"""


class Site(Visits):
    """The served app with what its tests ask of it."""

    __slots__ = ()

    def make(self, object_key: str, owner: str = "ann", **values: Any) -> str:
        """Create a record and give its id."""
        if object_key in ("job", "firm"):
            values.setdefault("owner", {"object": "user", "id": self.served.user_ids[owner]})
        records = self.served.platform.records
        return records.create(self.served.system(), object_key, values, confirm=None).record.id

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
