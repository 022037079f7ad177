"""The app `desk` as its tests use it: leads whose completeness counts, with pages and API as each user sees them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.support.visits import Visits

DESK = Path(__file__).resolve().parents[1] / "corpus" / "apps" / "desk"


class Desk(Visits):
    """The served app with what its tests ask of it."""

    __slots__ = ()

    def make(self, object_key: str, owner: str | None = "ann", **values: Any) -> str:
        """Create a record as the product itself and give its id; owner None = nobody's."""
        mine = {"object": "user", "id": self.served.user_ids[owner]} if owner is not None else None
        records = self.served.platform.records
        given = {"owner": mine, **values}
        return records.create(self.served.system(), object_key, given, confirm=None).record.id

    def visible_text(self, page: str) -> str:
        """Give a page's main part without markup."""
        main = page.split("<main", 1)[-1]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())
