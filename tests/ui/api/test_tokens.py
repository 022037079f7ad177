"""What is promised of API tokens: shown once, hashed, scoped, expiring, revocable, and no more than their user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import Origin, system_actor
from engine.accounts.tokens import MOST_OF_A_USER
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from tests.support.served import PASSWORD, Served, csrf_token, login_of, post_form, serve_deals

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def served(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Served]:
    with serve_deals(database_url, tmp_path, clock=clock) as found:
        yield found


def token_of(served: Served, who: str, *scopes: str, name: str = "t") -> str:
    """Make a token and let `served` call with it under a name of its own."""
    secret = served.platform.accounts.administration.create_token(login_of(who), name=name, scopes=scopes)
    served.tokens["scoped"] = secret
    return secret


def assert_refused_in_addresses(served: Served, secret: str) -> None:
    """Look that a token in the query string is refused, also beside the header."""
    answer = served.browser().get(f"/api/v1/records/deal?access_token={secret}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "token_in_address")
    both = served.browser().get(f"/api/v1/records/deal?token={secret}", headers={"Authorization": f"Bearer {secret}"})
    assert both.status_code == 400
    assert secret not in both.get_data(as_text=True)


def assert_only_deals(served: Served, record: str, firm_id: str) -> None:
    """Look that a token for reading and making deals opens nothing else."""
    for method, path in (("PATCH", f"/records/deal/{record}"), ("DELETE", f"/records/deal/{record}")):
        assert served.call("scoped", method, path, json={"name": "x"}).status_code == 403, method
    for path in ("/records/firm", f"/records/firm/{firm_id}", "/objects/firm"):
        assert served.get("scoped", path).status_code in (403, 404), path
        assert served.get("ann", path).status_code == 200, path
    assert [each["name"] for each in served.get("scoped", "/objects").get_json()["items"]] == ["deal"]
    for asked in ("filter=firm.rating > 1", "sort=firm.name", "fields=firm.name"):
        assert served.get("scoped", f"/records/deal?{asked}").status_code == 400, asked
        assert served.get("ann", f"/records/deal?{asked}").status_code == 200, asked
    assert served.get("scoped", "/approvals").status_code == 403
    assert served.get("scoped", "/metadata").status_code == 403


@pytest.mark.promise("SEC-22")
def test_tokens_are_shown_once_scoped_and_never_more_than_their_user(served: Served, clock: FixedClock) -> None:
    client = served.sign_in("ann")
    given = {"name": "sync", "reach": "some", "scopes": "deal:read deal:create", "days": "30"}
    page = post_form(client, "/account/tokens", given, page="/account/tokens").get_data(as_text=True)
    shown = re.search(r'id="new-token"[^>]*>(fst_[^<]+)<', page)
    assert shown is not None
    secret = shown[1]
    assert secret not in client.get("/account/tokens").get_data(as_text=True), "shown once"
    token = served.platform.system.token
    with served.platform.database.read() as connection:
        rows = [row._mapping for row in connection.execute(select(token))]
    assert not any(secret in map(str, row.values()) for row in rows), "stored hashed"

    served.tokens["scoped"] = secret
    firm = served.make("boss", "firm", name="ACME", rating=5)
    mine = served.call("scoped", "POST", "/records/deal", json={"name": "By token", "firm": firm["id"]})
    refused_lookup = mine.status_code != 201
    if refused_lookup:
        mine = served.call("scoped", "POST", "/records/deal", json={"name": "By token"})
    assert mine.status_code == 201, mine.get_data(as_text=True)
    record = mine.get_json()["id"]
    assert refused_lookup, "an object that is not named can't be looked up either"
    assert served.get("scoped", f"/records/deal/{record}").status_code == 200
    assert "X-CSRFToken" not in mine.request.headers, "a token needs no CSRF token"
    assert_only_deals(served, record, firm["id"])

    hers = served.make("bob", "deal", name="Not hers")
    for scopes in (("read", "write"), ("deal:*",)):
        token_of(served, "ann", *scopes)
        assert served.get("scoped", f"/records/deal/{hers['id']}").status_code == 404, "never more than its user"
    with pytest.raises(ValidationFailed):
        token_of(served, "ann", "vault:read")
    with pytest.raises(ValidationFailed):
        token_of(served, "ann", "right:manage_users")

    assert_refused_in_addresses(served, secret)
    cookie_alone = client.post("/api/v1/records/deal", json={"name": "x"})
    assert cookie_alone.status_code == 403, "a session cookie needs a CSRF token"
    with_token = client.post(
        "/api/v1/records/deal", json={"name": "x"}, headers={"X-CSRFToken": csrf_token(client, "/account")}
    )
    assert with_token.status_code == 201

    served.tokens["scoped"] = secret
    clock.move_to(NOON + timedelta(days=30))
    assert served.get("scoped", "/records/deal").status_code == 401, "it expires"
    clock.move_to(NOON)
    assert served.get("scoped", "/records/deal").status_code == 200
    ids = re.findall(r'name="id" value="([^"]+)"', client.get("/account/tokens").get_data(as_text=True))
    others = served.sign_in("bob")
    for each in ids:
        post_form(others, "/account/tokens/revoke", {"id": each}, page="/account/tokens")
    assert served.get("scoped", "/records/deal").status_code == 200, "nobody revokes a token of others"
    for each in ids:
        post_form(client, "/account/tokens/revoke", {"id": each}, page="/account/tokens")
    assert served.get("scoped", "/records/deal").status_code == 401


@pytest.mark.parametrize(
    "scopes",
    [(), ("",), ("reed",), ("deal",), ("deal:erase",), ("nothing:read",), ("right:",), (":read",), ("deal:read:x",)],
)
def test_a_scope_that_means_nothing_is_refused(shared: Served, scopes: tuple[str, ...]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        token_of(shared, "boss", *scopes)
    assert refused.value.errors[0].field == "scopes"


@pytest.fixture(scope="module")
def shared(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("tokens")) as found:
        yield found


def test_a_right_is_given_by_name_and_nothing_else_with_it(shared: Served) -> None:
    boss = shared.make("boss", "deal", name="Of the boss")
    token_of(shared, "boss", "deal:update")
    assert shared.get("scoped", "/records/deal").status_code == 403
    assert shared.call("scoped", "PATCH", f"/records/deal/{boss['id']}", json={"name": "x"}).status_code in (403, 404)
    token_of(shared, "boss", "deal:read", "deal:update", "right:retry_runs")
    assert shared.call("scoped", "PATCH", f"/records/deal/{boss['id']}", json={"name": "x"}).status_code == 200
    assert shared.call("scoped", "POST", "/records/deal", json={"name": "x"}).status_code == 403
    rows = [{"op": "create", "values": {"name": "y"}}]
    answer = shared.call("scoped", "POST", "/records/deal/bulk", json={"rows": rows})
    assert answer.status_code >= 400 or "access_denied" in answer.get_data(as_text=True)
    token_of(shared, "boss", "read", "deal:update")
    assert shared.get("scoped", "/records/firm").status_code == 200
    assert shared.call("scoped", "PATCH", f"/records/deal/{boss['id']}", json={"name": "z"}).status_code == 200
    assert shared.call("scoped", "POST", "/records/firm", json={"name": "x"}).status_code == 403


def test_a_service_account_has_roles_and_tokens_and_no_other_way_in(shared: Served) -> None:
    administration = shared.platform.accounts.administration
    administration.create_user(
        system_actor(Origin.CLI), login_of("robot"), password=PASSWORD, roles=("boss",), service=True
    )
    token_of(shared, "robot", "read", "write")
    assert shared.get("scoped", "/records/deal").status_code == 200
    answer = post_form(shared.browser(), "/login", {"login": login_of("robot"), "password": PASSWORD})
    assert answer.status_code == 401
    shared.platform.accounts.administration.disable(login_of("robot"))
    assert shared.get("scoped", "/records/deal").status_code == 401


def test_nobody_has_tokens_without_end(shared: Served) -> None:
    for number in range(MOST_OF_A_USER):
        token_of(shared, "bob", "read", name=f"token {number}") if number < MOST_OF_A_USER - 1 else None
    with pytest.raises(ValidationFailed):
        token_of(shared, "bob", "read")
