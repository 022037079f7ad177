"""From a denial somebody asks for access; the owner or an administrator gives the smallest that does, until a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

import pytest
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.clock import FixedClock
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, login_of, serve_deals

START = dt.datetime(2026, 11, 23, 4, 0, tzinfo=dt.UTC)
FILES = {
    "objects/note.yaml": """
        object: note
        label: {en: Note, zh: 笔记}
        title: "{name}"
        fields:
          name: {type: text, required: true}
          pay: {type: integer, sensitive: true}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          note: {read: own or shared, create: yes, update: own or shared, delete: own}
          user: {read: all}
    """,
    "roles/payer.yaml": """
        role: payer
        objects: {note: {read: all}}
        fields: {note.pay: {read: yes}}
    """,
    "roles/clerk.yaml": "role: clerk\nobjects: {note: {read: all, delete: all}, team: {read: all, update: all}}\n",
    "roles/boss.yaml": """
        role: boss
        objects: {note: {read: all, create: yes, update: all, delete: all}, user: {read: all}}
        fields: {note.pay: {read: yes, update: yes}}
    """,
}


@pytest.fixture
def site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("asking")
    app, clock = small_app(folder, FILES, name="asking"), FixedClock(START)
    with serve_deals(database_url, folder, app_folder=app, clock=clock) as served:
        yield served


def note(site: Served, owner: str) -> str:
    values = {"name": f"of {owner}", "pay": 77001, "owner": {"object": "user", "id": site.user_ids[owner]}}
    return site.platform.records.create(system_actor(), "note", values).record.id


def move(site: Served, **length: int) -> None:
    clock = site.platform.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + dt.timedelta(**length))


def send(site: Served, who: str, path: str, values: Mapping[str, str]) -> TestResponse:
    """Send a form as somebody."""
    browser = site.sign_in(who)
    return browser.post(path, data={**values, "csrf_token": csrf_token(browser, "/inbox")})


def ask_from(site: Served, who: str, denied: str, status: int) -> str:
    """Follow the link of a denial, ask, and give the page of the request."""
    browser = site.sign_in(who)
    answer = browser.get(denied)
    assert answer.status_code == status
    link = re.search(r'href="(/access/ask\?[^"]+)"', answer.get_data(as_text=True))
    assert link is not None, answer.get_data(as_text=True)
    form = browser.get(link[1].replace("&amp;", "&")).get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]+)"', form))
    data = {**hidden, "reason": "for the audit", "csrf_token": csrf_token(browser, "/inbox")}
    made = browser.post("/access/ask", data=data)
    assert made.status_code == 303, made.get_data(as_text=True)
    return str(made.headers["Location"])


def offered(site: Served, who: str, request: str) -> list[str]:
    page = site.sign_in(who).get(request)
    return re.findall(r'name="grant" value="([^"]+)"', page.get_data(as_text=True)) if page.status_code == 200 else []


def inbox(site: Served, who: str) -> str:
    return site.sign_in(who).get("/inbox").get_data(as_text=True)


def roles(site: Served, who: str) -> tuple[str, ...]:
    return site.platform.accounts.administration.find_user(login_of(who)).roles


def shares(site: Served) -> list[tuple[str, str, bool]]:
    table = site.platform.system.share
    with site.platform.database.read() as connection:
        rows = connection.execute(table.select()).all()
    return sorted((row.record_id, row.grantee, bool(row.edits)) for row in rows)


@pytest.mark.promise("SEC-16")
def test_a_record_that_is_refused_is_shared_by_its_owner_until_a_day_and_no_longer(site: Served) -> None:
    record = note(site, "bob")
    path = f"/o/note/{record}"
    request = ask_from(site, "ann", path, 404)
    # Nobody else is told or sees it: the owner and who administrates users.
    assert "ann asks for access." in inbox(site, "bob")
    assert request in inbox(site, "admin").replace("&amp;", "&")
    assert "asks for access" not in inbox(site, "boss")
    assert site.sign_in("boss").get(request).status_code == 404
    assert offered(site, "ann", request) == []
    assert offered(site, "bob", request) == ["share:read"]  # roles are not the owner's to give
    expected = ["share:read", "role:payer", "role:boss", "role:clerk", "role:administrator"]
    assert offered(site, "admin", request) == expected
    before = (roles(site, "ann"), shares(site))
    for wrong in (
        {"grant": "share:edit", "until": "2026-11-30"},
        {"grant": "role:payer", "until": "2026-11-30"},
        {"grant": "share:read", "until": ""},
        {"grant": "share:read", "until": "2026-11-22"},
    ):
        assert send(site, "bob", request, wrong).status_code == 422, wrong
    assert send(site, "ann", request, {"grant": "share:read", "until": "2026-11-30"}).status_code == 422
    assert (roles(site, "ann"), shares(site)) == before
    assert send(site, "bob", request, {"grant": "share:read", "until": "2026-11-24"}).status_code == 303
    assert shares(site) == [(record, f"user:{site.user_ids['ann']}", False)]
    assert roles(site, "ann") == before[0]
    assert "bob gave you the access you asked for, until 2026-11-24." in inbox(site, "ann")
    assert site.sign_in("ann").get(path).status_code == 200
    assert send(site, "bob", request, {"grant": "share:read", "until": "2026-12-24"}).status_code == 422
    move(site, days=2)
    assert site.sign_in("ann").get(path).status_code == 404
    entries = site.get("admin", "/audit?object=fs_account&limit=200").get_json()["items"]
    told = {each["action"]: str(each["changes"]) for each in entries if each["action"].startswith("access_")}
    assert f"read note {record}" in told["access_asked"]
    assert "share:read until 2026-11-2" in told["access_granted"]


@pytest.mark.promise("SEC-16")
def test_a_hidden_field_is_opened_by_the_smallest_role_that_ends_by_itself_in_every_place(site: Served) -> None:
    record, second = note(site, "ann"), note(site, "ann")
    path, api = f"/o/note/{record}", f"/records/note/{record}"
    why = f"/access/ask?action=read&object=note&record={record}&field=pay"
    browser = site.sign_in("ann")
    data = {"action": "read", "object": "note", "record": record, "field": "pay", "reason": "audit"}
    asking = browser.get(why).get_data(as_text=True)
    assert "pay" in asking
    assert "· of ann ·" in asking, "what may be read is called by its title"
    assert f"· {record} ·" in browser.get(why.replace("note&", "nothing&")).get_data(as_text=True)
    token = csrf_token(browser, "/inbox")
    first = browser.post("/access/ask", data={**data, "csrf_token": token}).headers["Location"]
    again = browser.post("/access/ask", data={**data, "csrf_token": token}).headers["Location"]
    assert first == again  # the same asked while it is open is the same request
    # A share opens no field; the least of the roles comes first, and nobody gives what they lack.
    assert offered(site, "admin", first) == ["role:payer", "role:boss"]
    assert offered(site, "boss", first) == []
    assert "77,001" not in browser.get(path).get_data(as_text=True)
    assert send(site, "admin", first, {"grant": "role:payer", "until": "2026-11-25"}).status_code == 303
    assert roles(site, "ann") == ("payer", "rep")
    assert shares(site) == []
    assert "77,001" in browser.get(path).get_data(as_text=True)
    assert site.get("ann", api).get_json()["pay"] == 77001
    admin = site.sign_in("admin").get(f"/admin/users/{site.user_ids['ann']}").get_data(as_text=True)
    assert "until" in admin
    move(site, days=3)
    assert "77,001" not in site.sign_in("ann").get(path).get_data(as_text=True)
    assert "pay" not in site.get("ann", api).get_json()
    assert roles(site, "ann") == ("rep",)
    site.platform.accounts.forget_old()
    (ended,) = site.get("admin", "/audit?action=roles_ended").get_json()["items"]
    assert "payer until 2026-11-2" in str(ended["changes"])
    assert second != record


@pytest.mark.promise("SEC-16")
def test_what_is_locked_can_be_asked_for_and_refused_and_asking_tells_nothing(site: Served) -> None:
    record, absent = note(site, "bob"), "01999999-0000-7000-8000-000000000000"
    shared = {"with": f"user:{site.user_ids['ann']}", "level": "read"}
    assert send(site, "bob", f"/o/note/{record}/share", shared).status_code == 303
    browser = site.sign_in("ann")
    locked = browser.get(f"/o/note/{record}/access").get_data(as_text=True)
    assert f"action=update&amp;object=note&amp;record={record}" in locked
    asked = {"action": "update", "object": "note", "record": record, "reason": "to correct it"}
    request = send(site, "ann", "/access/ask", asked).headers["Location"]
    assert offered(site, "bob", request)[0] == "share:edit"
    # A record that is not there is asked for alike, and nothing would do.
    made = [
        send(site, "ann", "/access/ask", {**asked, "record": each, "action": "delete"}) for each in (absent, record)
    ]
    assert [each.status_code for each in made] == [303, 303]
    pages = [browser.get(each.headers["Location"]).get_data(as_text=True) for each in made]
    plain = [re.sub(r"[0-9a-f-]{36}|of bob", "ID", page.partition('id="content"')[2]) for page in pages]
    assert plain[0].partition("<h2")[0] == plain[1].partition("<h2")[0]
    assert offered(site, "admin", made[0].headers["Location"]) == []
    assert send(site, "ann", "/access/ask", {**asked, "reason": " "}).status_code == 422
    assert send(site, "bob", request, {"act": "refuse", "answer": "not now"}).status_code == 303
    answered = browser.get(request).get_data(as_text=True)
    assert "not now" in answered
    assert "bob refused the access you asked for." in inbox(site, "ann")
    assert shares(site) == [(record, f"user:{site.user_ids['ann']}", False)]
