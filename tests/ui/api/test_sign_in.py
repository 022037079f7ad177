"""Signing in by page and by token, sessions, lock-out, CSRF."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.served import PASSWORD, Served, csrf_token, login_of, post_form

API = "/api/v1/objects"


def test_log_in_gives_a_session_under_a_new_id_and_log_out_ends_it_on_the_server(served: Served) -> None:
    client = served.browser()
    client.set_cookie("fieldstone_session", "chosen-by-an-attacker")
    answer = post_form(client, "/login", {"login": login_of("ann"), "password": PASSWORD, "next": "/o/deal"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/o/deal")
    cookie = client.get_cookie("fieldstone_session")
    assert cookie is not None
    assert cookie.value != "chosen-by-an-attacker"
    assert cookie.http_only
    assert client.get(API).status_code == 200
    assert post_form(client, "/logout", {}, page="/").status_code == 303
    stolen = served.browser()
    stolen.set_cookie("fieldstone_session", cookie.value)
    assert stolen.get(API).status_code == 401
    assert stolen.get("/").status_code == 401


def test_every_log_in_has_its_own_session_id(served: Served) -> None:
    ids = {served.sign_in("ann").get_cookie("fieldstone_session").value for _ in range(3)}  # type: ignore[union-attr]
    assert len(ids) == 3


@pytest.mark.parametrize("login", ["ann@example.com", "no.such.user@example.com"])
def test_known_and_unknown_users_get_the_same_refusal(fresh: Served, login: str) -> None:
    client = fresh.browser()
    answer = post_form(client, "/login", {"login": login, "password": "wrong password"})
    assert answer.status_code == 401
    assert client.get_cookie("fieldstone_session") is None
    body = answer.get_data(as_text=True)
    assert "User name or password is wrong." in body


def test_after_five_wrong_log_ins_even_the_right_password_is_429_and_others_still_get_in(fresh: Served) -> None:
    for _ in range(5):
        assert post_form(fresh.browser(), "/login", {"login": login_of("ann"), "password": "x"}).status_code == 401
    locked = post_form(fresh.browser(), "/login", {"login": login_of("ann"), "password": PASSWORD})
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    unknown = [post_form(fresh.browser(), "/login", {"login": "nobody@x.example", "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in unknown] == [401, 401, 401, 401, 401, 429]
    fresh.sign_in("bob")


def test_sessions_are_listed_and_one_revoked_ends_at_once(fresh: Served) -> None:
    accounts, user = fresh.platform.accounts, fresh.user_ids["ann"]
    here, there = fresh.sign_in("ann"), fresh.sign_in("ann")
    assert (here.get(API).status_code, there.get(API).status_code) == (200, 200)
    sessions = accounts.list_sessions(user)
    assert len(sessions) == 2
    assert accounts.end_session(sessions[0].id, user_id=user)
    assert not accounts.end_session(sessions[1].id, user_id=fresh.user_ids["bob"])
    assert sorted((here.get(API).status_code, there.get(API).status_code)) == [200, 401]


def test_a_new_password_a_disabled_user_and_a_revoked_token_act_on_the_next_request(fresh: Served) -> None:
    administration = fresh.platform.accounts.administration
    client = fresh.sign_in("ann")
    assert client.get(API).status_code == 200
    administration.set_password(login_of("ann"), "another good password")
    assert client.get(API).status_code == 401
    client = fresh.sign_in("ann", "another good password")
    assert client.get(API).status_code == 200
    administration.disable(login_of("ann"))
    assert client.get(API).status_code == 401
    assert fresh.get("ann", "/objects").status_code == 401
    refused = post_form(fresh.browser(), "/login", {"login": login_of("ann"), "password": "another good password"})
    assert refused.status_code == 401
    [token] = administration.list_tokens(login_of("bob"))
    assert fresh.get("bob", "/objects").status_code == 200
    assert administration.revoke_token(token.id)
    assert fresh.get("bob", "/objects").status_code == 401


def test_a_user_record_made_inactive_signs_out_at_once(fresh: Served) -> None:
    client = fresh.sign_in("ann")
    assert client.get(API).status_code == 200
    answer = fresh.call("admin", "PATCH", f"/records/user/{fresh.user_ids['ann']}", json={"active": False})
    assert answer.status_code == 200
    assert client.get(API).status_code == 401
    assert fresh.get("ann", "/objects").status_code == 401


def test_a_role_taken_away_acts_on_the_next_request(fresh: Served) -> None:
    assert fresh.get("boss", "/records/vault").status_code == 200
    fresh.platform.accounts.administration.set_roles(login_of("boss"), ["rep"], by="test")
    assert fresh.get("boss", "/records/vault").status_code == 404


def test_tokens_have_scopes_an_end_and_are_stored_hashed(fresh: Served) -> None:
    administration = fresh.platform.accounts.administration
    fresh.tokens["reader"] = administration.create_token(login_of("ann"), name="r", scopes={"read"})
    assert fresh.get("reader", "/records/deal").status_code == 200
    refused = fresh.call("reader", "POST", "/records/deal", json={"name": "x"})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "scope_missing")
    with fresh.platform.database.read() as connection:
        rows = str(connection.execute(fresh.platform.system.token.select()).all())
    assert fresh.tokens["reader"] not in rows
    soon = datetime.now(UTC) + timedelta(hours=1)
    fresh.tokens["brief"] = administration.create_token(login_of("ann"), name="b", expires_at=soon)
    with fresh.platform.database.write() as connection:
        table = fresh.platform.system.token
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(table.update().where(table.c.name == "b").values(expires_at=past))
    assert fresh.get("brief", "/objects").status_code == 401


@pytest.mark.parametrize("place", ["access_token", "token", "api_key", "Authorization"])
def test_a_token_in_the_query_string_is_refused(served: Served, place: str) -> None:
    assert served.get(None, f"/objects?{place}={served.tokens['ann']}").status_code == 400


def test_a_token_needs_no_csrf_token_and_a_session_does(served: Served) -> None:
    assert served.call("ann", "POST", "/records/deal", json={"name": "By token"}).status_code == 201
    client = served.sign_in("ann")
    before = served.get("ann", "/records/deal?count=exact").get_json()["count"]
    refused = client.post("/api/v1/records/deal", json={"name": "No CSRF"})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "csrf_failed")
    foreign = client.post(
        "/api/v1/records/deal", json={"name": "Foreign"}, headers={"X-CSRFToken": csrf_token(served.browser())}
    )
    assert foreign.status_code == 403
    assert served.get("ann", "/records/deal?count=exact").get_json()["count"] == before
    allowed = client.post(
        "/api/v1/records/deal", json={"name": "CSRF"}, headers={"X-CSRFToken": csrf_token(client, "/")}
    )
    assert allowed.status_code == 201


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:81"]
)
def test_a_foreign_origin_is_403_even_with_the_csrf_token(served: Served, origin: str) -> None:
    client = served.sign_in("ann")
    headers = {"X-CSRFToken": csrf_token(client, "/"), "Origin": origin}
    assert client.post("/api/v1/records/deal", json={"name": "Foreign"}, headers=headers).status_code == 403


def test_the_csrf_token_of_before_the_log_in_is_worthless_after_it(served: Served) -> None:
    client = served.browser()
    early = csrf_token(client)
    served.sign_in("ann", client=client)
    answer = client.post("/api/v1/records/deal", json={"name": "Early"}, headers={"X-CSRFToken": early})
    assert answer.status_code == 403


def test_a_csrf_token_ends_with_its_session_and_is_another_one_on_each_page(served: Served) -> None:
    client = served.sign_in("ann")
    first, second = csrf_token(client, "/"), csrf_token(client, "/")
    assert first != second

    def create(token: str) -> int:
        return client.post("/api/v1/records/deal", json={"name": "x"}, headers={"X-CSRFToken": token}).status_code

    assert [create(token) for token in (first, second, first)] == [201, 201, 201]
    spoilt = ("f" if first[-1] != "f" else "0").join((first[:-1], ""))
    assert [create(token) for token in (spoilt, first[:-2], first + "00", f" {first}", first.upper())] == [403] * 5
    assert client.post("/logout", data={"csrf_token": first}).status_code == 303
    assert create(first) == 401
    served.sign_in("ann", client=client)
    assert [create(token) for token in (first, csrf_token(client, "/"))] == [403, 201]


def test_a_session_idles_out_and_ends_after_its_absolute_time(fresh: Served) -> None:
    client = fresh.sign_in("ann")
    table = fresh.platform.system.session
    for changed in ({"seen_at": timedelta(hours=8, minutes=1)}, {"expires_at": timedelta(seconds=1)}):
        served_before = client.get(API).status_code
        with fresh.platform.database.write() as connection:
            values = {name: datetime.now(UTC) - age for name, age in changed.items()}
            row = {**connection.execute(select(table)).one()._mapping, **values}
            seal = {"seal": fresh.platform.accounts._sessions._seal(row)}
            connection.execute(table.update().values({**values, "facts": {**row["facts"], **seal}}))
            fresh.platform.accounts.stamp.raise_in(connection)
        assert (served_before, client.get(API).status_code) == (200, 401)
        with fresh.platform.database.write() as connection:
            connection.execute(table.delete())
        client = fresh.sign_in("ann")


@pytest.mark.promise("SEC-42")
def test_a_session_whose_row_was_changed_is_none(fresh: Served) -> None:
    client, table = fresh.sign_in("ann"), fresh.platform.system.session
    database, stamp = fresh.platform.database, fresh.platform.accounts.stamp
    with database.read() as connection:
        before = dict(connection.execute(select(table)).one()._mapping)
    changes: list[dict[str, Any]] = [
        {"user_id": fresh.user_ids["boss"]},
        {"expires_at": before["expires_at"] + timedelta(days=1)},
        {"facts": {**before["facts"], "factor_done": True}},
        {"facts": {**before["facts"], "by": fresh.user_ids["boss"]}},
        {"facts": {"factor_done": False, "by": None}},
        {"facts": {**before["facts"], "seal": 5}},
        {"facts": None},
        {},
    ]
    answers = []
    for change in changes:
        with database.write() as connection:
            connection.execute(table.update().values({**before, **change}))
            stamp.raise_in(connection)
        answers.append(client.get(API).status_code)
    assert answers == [401] * 7 + [200]
    cookie = client.get_cookie("fieldstone_session")
    assert cookie is not None
    for value in (cookie.value[:-1], cookie.value[:-1] + ("a" if cookie.value[-1] != "a" else "b"), before["id"]):
        client.set_cookie("fieldstone_session", value)
        assert client.get(API).status_code == 401


def test_a_refusal_is_said_in_the_language_of_the_browser(fresh: Served) -> None:
    client = fresh.browser()
    client.set_cookie("fieldstone_language", "zh")
    answer = post_form(client, "/login", {"login": login_of("ann"), "password": "wrong"})
    assert "用户名或密码不正确" in answer.get_data(as_text=True)


def test_a_form_sent_after_the_session_ended_leads_through_the_log_in_back_to_the_form(served: Served) -> None:
    client, page = served.sign_in("ann"), "/o/deal/new?name=Typed"
    client.set_cookie("fieldstone_session", "ended")
    headers = {"Referer": f"http://localhost{page}"}
    answer = client.post("/o/deal/new", data={"name": "Typed"}, headers=headers)
    body = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "this was not saved" in body
    assert f'name="next" value="{page}"' in body
    part = client.post("/o/deal/new/state", headers={"HX-Request": "true", "HX-Current-URL": headers["Referer"]})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/login?next=/o/deal/new%3Fname%3DTyped")
    elsewhere = client.post("/o/deal/new", headers={"Referer": "https://evil.example/o/deal/new"})
    assert 'name="next" value="/"' in elsewhere.get_data(as_text=True)
    nowhere = client.post("/o/deal/new", headers={"Referer": headers["Referer"].replace("/new?name=Typed", "/1/move")})
    assert 'name="next" value="/"' in nowhere.get_data(as_text=True)
