"""Records found by what they hold or are called: only those that may be read, also where that follows the parent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.access.actor import Actor, Origin
from engine.records.finding import find_by_fields, find_by_title, readable_of
from tests.support.firms import firm, made, serve_firms
from tests.support.served import USERS, Served, login_of


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_firms(module_database_url, tmp_path_factory.mktemp("firms")) as found:
        yield found


def test_parts_of_a_record_that_may_not_be_read_are_not_found(served: Served) -> None:
    shown, hidden = firm(served), firm(served, secret="hide")
    people = {made(served, "person", firm=each, name="Li Wei"): each for each in (shown, hidden)}
    (seen,) = [person for person, each in people.items() if each == shown]
    roles = frozenset(USERS["ann"])
    ann = Actor(user_id=served.user_ids["ann"], login=login_of("ann"), roles=roles, origin=Origin.API)
    with served.platform.records.reading(ann) as transaction:
        assert find_by_title(transaction, "person", ["Li Wei"]) == {"Li Wei": [seen]}
        assert find_by_fields(transaction, "person", ("name",), ["Li Wei"]) == {("Li Wei",): [seen]}
        assert readable_of(transaction, "person", people) == {seen}
