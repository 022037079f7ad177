"""Second factors and log-in as another user: on pages, as people meet them, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.access.actor import Origin, system_actor
from engine.clock import FixedClock
from tests.support.account_entries import audit
from tests.support.served import DEALS, PASSWORD, Served, csrf_token, login_of, post_form, serve_deals

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
API = "/api/v1/objects"
NEW = "a wholly new password"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def strict(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Served]:
    """Serve the deals with a role that needs a second factor."""
    app = tmp_path / "deals"
    for path in DEALS.rglob("*"):
        if path.is_file():
            target = app / path.relative_to(DEALS)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    roles = app / "roles"
    boss = next(path for path in roles.iterdir() if "role: boss" in path.read_text("utf-8"))
    boss.write_text(boss.read_text("utf-8") + "second_factor: required\n", "utf-8")
    rep = next(path for path in roles.iterdir() if "role: rep" in path.read_text("utf-8"))
    rep.write_text(rep.read_text("utf-8").replace("user: {read: all}", "user: {read: all, update: all}"), "utf-8")
    (roles / "helper.yaml").write_text(
        "role: helper\nincludes: [boss, rep]\nsystem: [log_in_as, manage_users, manage_tokens]\n", "utf-8"
    )
    with serve_deals(database_url, tmp_path, app_folder=app, clock=clock) as found:
        yield found


def set_up(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor by its page; give what makes codes, and the recovery codes."""
    page = client.get("/account/factor").get_data(as_text=True)
    assert "<svg" in page
    assert "style=" not in page
    key = re.search(r'id="factor-key"[^>]*>([A-Z2-7 ]+)<', page)
    assert key is not None
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    begun = begun_in(page)
    wrong = post_form(client, "/account/factor", {"begun": begun, "code": "000000"}, page="/account/factor")
    assert wrong.status_code == 401
    assert key[1] in wrong.get_data(as_text=True)
    answer = post_form(client, "/account/factor", {"begun": begun, "code": totp.at(NOON)}, page="/account/factor")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    codes = re.findall(r"<code>([0-9a-f]{4}(?:-[0-9a-f]{4}){3})</code>", answer.get_data(as_text=True))
    assert len(codes) == 10
    return totp, codes


def begun_in(page: str) -> str:
    found = re.search(r'name="begun" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_factor_that_somebody_else_began_is_not_taken(strict: Served) -> None:
    others = strict.sign_in("ann").get("/account/factor").get_data(as_text=True)
    key = re.search(r'id="factor-key"[^>]*>([A-Z2-7 ]+)<', others)
    assert key is not None
    code = pyotp.TOTP(key[1].replace(" ", "")).at(NOON)
    client = strict.sign_in("boss")
    answer = post_form(client, "/account/factor", {"begun": begun_in(others), "code": code}, page="/account/factor")
    assert answer.status_code == 401
    assert key[1] not in answer.get_data(as_text=True)


def give_code(client: FlaskClient, code: str) -> int:
    return post_form(client, "/login/factor", {"code": code}, page="/login/factor").status_code


@pytest.mark.promise("SEC-20")
def test_a_required_second_factor_closes_all_else_and_each_code_works_once(strict: Served, clock: FixedClock) -> None:
    client = strict.sign_in("boss")
    for path in ("/", "/o/deal", "/account", "/account/tokens", "/admin/users", "/inbox"):
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/account/factor"), path
    assert client.get(API).status_code == 401
    assert client.get(API).get_json()["code"] == "second_factor_needed"
    refused = client.post("/account/tokens", data={"csrf_token": csrf_token(client, "/account/factor"), "name": "x"})
    assert refused.status_code == 303
    totp, codes = set_up(client)
    assert client.get("/").status_code == 200

    with strict.platform.database.read() as connection:
        stored = set(connection.execute(select(strict.platform.system.recovery.c.hash)).scalars())
    assert len(stored) == 10
    assert stored.isdisjoint({*codes, *(code.replace("-", "") for code in codes)})

    client = strict.sign_in("boss")
    for path in ("/", "/account/factor", "/account"):
        assert client.get(path).headers["Location"].startswith("/login/factor"), path
    assert client.get(API).status_code == 401
    assert give_code(client, totp.at(NOON)) == 401, "the code that set it up was used"
    clock.move_to(NOON + timedelta(seconds=60))
    code = totp.at(clock.now())
    before = client.get_cookie("fieldstone_session")
    assert give_code(client, code) == 303
    after = client.get_cookie("fieldstone_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert client.get("/").status_code == 200

    other = strict.sign_in("boss")
    assert give_code(other, code) == 401, "a code works once"
    assert give_code(other, codes[0]) == 303
    third = strict.sign_in("boss")
    assert give_code(third, codes[0]) == 401, "a recovery code works once"
    assert give_code(third, codes[1].upper()) == 303
    assert client.get("/").status_code == 200, "the other sessions go on"

    guesser = strict.sign_in("boss")
    assert [give_code(guesser, "000000") for _ in range(6)] == [401] * 5 + [429]
    assert give_code(guesser, codes[2]) == 429
    assert strict.sign_in("ann").get("/").status_code == 200, "nobody else is asked"


def test_a_factor_chosen_freely_is_asked_for_and_an_administrator_takes_it_away(
    strict: Served, clock: FixedClock
) -> None:
    client = strict.sign_in("ann")
    assert client.get("/").status_code == 200
    second = strict.sign_in("ann")
    totp, codes = set_up(client)
    assert second.get("/").status_code == 401, "the other sessions end"
    clock.move_to(NOON + timedelta(seconds=90))
    answer = post_form(client, "/account/factor/codes", {"code": totp.at(clock.now())}, page="/account/factor")
    assert answer.status_code == 200
    assert give_code(strict.sign_in("ann"), codes[0]) == 401, "new codes end those of before"
    admin = strict.sign_in("admin")
    page = f"/admin/users/{strict.user_ids['ann']}"
    assert post_form(admin, page, {"act": "remove_factor"}, page=page).status_code == 303
    assert client.get("/").status_code == 401
    assert strict.sign_in("ann").get("/").status_code == 200
    (entry,) = audit(strict, "factor_removed")
    assert (entry["record_id"], entry["actor"]) == (strict.user_ids["ann"], strict.user_ids["admin"])


def assert_account_is_out_of_reach(client: FlaskClient, user_id: str, form: str) -> None:
    """Look that nothing of the account opens, by page or by the user's record."""
    for path in ("/account", "/account/tokens", "/account/factor", "/admin/users"):
        assert client.get(path).status_code == 403, path
    token = csrf_token(client, form)
    closed = {
        "/account/password": {"old": PASSWORD, "password": NEW, "again": NEW},
        "/account/tokens": {"name": "stolen", "reach": "write", "days": "30"},
        "/account/tokens/revoke": {"id": "x"},
        "/account/factor": {"code": "123456"},
        "/account/factor/codes": {"code": "123456"},
        "/account/sessions/end": {},
    }
    for path, given in closed.items():
        assert client.post(path, data={**given, "csrf_token": token}).status_code == 403, path
    for change, status in (({"title": "Rep"}, 200), ({"email": "mine@example.com"}, 403)):
        answer = client.patch(f"/api/v1/records/user/{user_id}", json=change, headers={"X-CSRFToken": token})
        assert answer.status_code == status, answer.get_data(as_text=True)


@pytest.mark.promise("SEC-26")
def test_who_is_logged_in_as_another_is_shown_named_and_kept_from_the_account(
    strict: Served, clock: FixedClock
) -> None:
    administration, ann = strict.platform.accounts.administration, strict.user_ids["ann"]
    helper = administration.create_user(
        system_actor(Origin.CLI), login_of("helper"), password=PASSWORD, roles=("helper",)
    )
    for who in ("ann", "boss"):
        client = strict.sign_in(who)
        answer = client.post(
            f"/admin/users/{ann}/log-in-as", data={"csrf_token": csrf_token(client, "/account/factor")}
        )
        assert answer.status_code in (303, 403), who
        assert not audit(strict, "signed_in_as"), who
    client = strict.sign_in("helper")
    set_up(client)
    start = f"/admin/users/{ann}"
    for stronger in ("admin", "helper"):
        whom = helper if stronger == "helper" else strict.user_ids[stronger]
        page = f"/admin/users/{whom}"
        assert post_form(client, f"{page}/log-in-as", {}, page=page).status_code == 403, stronger
    assert post_form(client, f"{start}/log-in-as", {}, page=start).status_code == 303

    made = strict.make("ann", "deal", name="From before")
    banner = "helper is logged in as ann"
    for path in ("/", "/o/deal", "/o/deal/new", f"/o/deal/{made['id']}", f"/o/deal/{made['id']}/edit", "/inbox"):
        assert banner in client.get(path).get_data(as_text=True), path
    form = f"/o/deal/{made['id']}/edit"
    for name in ("By two people", "Again by two"):
        headers = {"X-CSRFToken": csrf_token(client, form)}
        answer = client.patch(f"/api/v1/records/deal/{made['id']}", json={"name": name}, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
    entries = [entry for entry in audit(strict, "updated") if entry["record_id"] == made["id"]]
    assert len(entries) == 2
    assert {(entry["actor"], entry["on_behalf"]) for entry in entries} == {(ann, helper)}
    (begun,) = audit(strict, "signed_in_as")
    assert (begun["actor"], begun["record_id"]) == (helper, ann)

    assert_account_is_out_of_reach(client, ann, form)
    strict.sign_in("ann")

    ended = client.post("/account/as/end", data={"csrf_token": csrf_token(client, form)})
    assert ended.status_code == 303
    page = client.get("/account").get_data(as_text=True)
    assert banner not in page
    assert login_of("helper") in page
    assert post_form(client, f"{start}/log-in-as", {}, page=start).status_code == 303
    clock.move_to(clock.now() + timedelta(minutes=30, seconds=1))
    assert client.get("/").status_code == 401, "it ends by itself"


def test_losing_the_right_ends_a_log_in_as_another_on_the_next_request(strict: Served) -> None:
    administration, ann = strict.platform.accounts.administration, strict.user_ids["ann"]
    admin, page = strict.sign_in("admin"), f"/admin/users/{ann}"
    assert post_form(admin, f"{page}/log-in-as", {}, page=page).status_code in (303, 403)
    administration.create_user(system_actor(Origin.CLI), login_of("h"), password=PASSWORD, roles=("helper",))
    client = strict.sign_in("h")
    set_up(client)
    assert post_form(client, f"{page}/log-in-as", {}, page=page).status_code == 303
    assert client.get("/").status_code == 200
    administration.set_roles(login_of("h"), ("rep",), by="test")
    assert client.get("/").status_code == 401


def test_nobody_takes_apart_the_account_of_who_may_do_more(strict: Served) -> None:
    strict.platform.accounts.administration.create_user(
        system_actor(Origin.CLI), login_of("h"), password=PASSWORD, roles=("helper",)
    )
    client = strict.sign_in("h")
    set_up(client)
    page = f"/admin/users/{strict.user_ids['admin']}"
    assert post_form(client, page, {"act": "remove_factor"}, page=page).status_code == 403
    given = {"to": login_of("h")}
    assert post_form(client, f"{page}/off-board", given, page=f"{page}/off-board").status_code == 403
    assert strict.sign_in("admin").get("/").status_code == 200
    page = f"/admin/users/{strict.user_ids['ann']}/off-board"
    answer = post_form(client, page, given, page=page)
    assert answer.status_code == 200
    assert login_of("h") in answer.get_data(as_text=True)
    assert post_form(strict.browser(), "/login", {"login": login_of("ann"), "password": PASSWORD}).status_code == 401
