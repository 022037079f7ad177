"""Requests for access, team administrators, why something may be done: by API and command as on the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from click.testing import CliRunner

from engine.access.actor import system_actor
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, login_of, serve_deals
from ui.cli import main

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
        objects: {note: {read: own or shared, create: yes, update: own or shared}, user: {read: all}}
        fields: {note.name: {update: 'name != "Frozen"'}}
    """,
    "roles/payer.yaml": "role: payer\nobjects: {note: {read: all}}\nfields: {note.pay: {read: yes}}\n",
    "roles/intern.yaml": "role: intern\nobjects: {note: {read: own}}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\ngives: [rep, intern, payer]\n",
}
ABSENT = "01999999-0000-7000-8000-000000000000"
LATE = "2999-12-31"
ASKING, TEAM = "/access/requests", "/team/users"


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("calls")
    app = small_app(folder, FILES, name="calls", settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as served:
        yield served


def note(site: Served, owner: str, name: str) -> str:
    values = {"name": name, "pay": 77001, "owner": {"object": "user", "id": site.user_ids[owner]}}
    return site.platform.records.create(system_actor(), "note", values).record.id


def send(site: Served, who: str, path: str, status: int, body: Mapping[str, Any], method: str = "POST") -> Any:
    answer = site.call(who, method, path, json=body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_json()


def roles(site: Served, who: str) -> tuple[str, ...]:
    return site.platform.accounts.administration.find_user(login_of(who)).roles


def test_what_is_refused_is_asked_for_and_the_smallest_grant_given_until_a_day(site: Served) -> None:
    record = note(site, "bob", "Secret plan")
    asked = {"action": "read", "object": "note", "record": record, "reason": "for the audit"}
    made = send(site, "ann", ASKING, 201, asked)
    path = f"{ASKING}/{made['id']}"
    assert made["record"] == {"id": record, "title": None}, "what may not be read is not named"
    assert (made["state"], made["grants"], made["may_decide"]) == ("open", [], False)
    assert send(site, "ann", ASKING, 201, asked)["id"] == made["id"]
    absent = send(site, "ann", ASKING, 201, {**asked, "record": ABSENT})
    assert {**absent, "id": "", "at": "", "record": ""} == {**made, "id": "", "at": "", "record": ""}
    # Neither seen nor decided by who is not asked; the owner gives shares, who administrates users roles too.
    assert site.get("boss", path).status_code == 404
    send(site, "boss", path, 404, {"do": "refuse"})
    send(site, "boss", path, 404, {"do": "grant", "grant": "share:read", "until": LATE})
    assert site.get("bob", path).get_json()["grants"] == ["share:read"]
    assert site.get("admin", path).get_json()["grants"][:2] == ["share:read", "role:payer"]
    assert made["id"] in {each["id"] for each in site.get("bob", ASKING).get_json()["items"]}
    assert site.get("boss", ASKING).get_json()["items"] == []
    given = {"do": "grant", "grant": "share:read", "until": LATE}
    for wrong, status in (
        ({"grant": "share:edit"}, 422),
        ({"until": None}, 422),
        ({"until": "2020-01-01"}, 422),
        ({"until": "soon"}, 422),
        ({"do": "give"}, 400),
        ({"answer": "yes"}, 400),
    ):
        send(site, "bob", path, status, {**given, **wrong})
    send(site, "ann", path, 422, given)
    assert site.get("ann", f"/records/note/{record}").status_code == 404
    granted = send(site, "bob", path, 200, given)
    assert (granted["state"], granted["granted"]) == ("granted", "share:read")
    assert granted["decided_by"] == site.user_ids["bob"]
    assert site.get("ann", f"/records/note/{record}").status_code == 200
    assert site.get("ann", path).get_json()["record"]["title"] == "Secret plan"
    send(site, "bob", path, 422, given)
    entries = site.get("admin", "/audit?object=fs_account&limit=200").get_json()["items"]
    assert {"access_asked", "access_granted"} <= {each["action"] for each in entries}
    assert {each["origin"] for each in entries if each["action"] == "access_granted"} == {"api"}
    refused = send(site, "admin", f"{ASKING}/{absent['id']}", 200, {"do": "refuse", "answer": "no such plan"})
    assert (refused["state"], refused["answer"]) == ("refused", "no such plan")


def test_a_call_that_asks_for_nothing_known_is_told_so_in_the_callers_language(site: Served) -> None:
    good = {"action": "read", "object": "note", "reason": "audit"}
    for wrong, english, chinese in (
        ({"action": "reed"}, "one of read, create", "须为"),
        ({"object": ""}, "name of an object", "名称"),
        ({"record": "x" * 101}, "at most 100 characters", "至多 100 个字符"),
        ({"record": 5}, "at most 100 characters", "至多 100 个字符"),
    ):
        told = [
            site.call("ann", "POST", ASKING, json={**good, **wrong}, headers={"Accept-Language": tongue})
            for tongue in ("en", "zh")
        ]
        assert [each.status_code for each in told] == [400, 400], wrong
        assert english in told[0].get_json()["detail"]
        assert chinese in told[1].get_json()["detail"]
    blank = site.call("ann", "POST", ASKING, json={**good, "reason": " "}, headers={"Accept-Language": "zh"})
    assert blank.status_code == 422
    assert [each["message"] for each in blank.get_json()["errors"]] == ["请说明用途。"]


def test_why_something_may_be_done_is_told_as_the_command_and_the_page_tell_it(site: Served) -> None:
    own, other = note(site, "ann", "Mine"), note(site, "bob", "Other")
    update = f"/access?action=update&object=note&record={own}"
    assert site.get("ann", update).get_json()["answer"] == "yes"
    assert site.get("ann", f"/access?action=read&object=note&record={other}").status_code == 404
    assert site.get("ann", f"{update}&as={login_of('bob')}").status_code == 403
    assert site.get("ann", "/access?action=read&object=note&field=pay").status_code == 400
    assert site.get("ann", "/access?action=read&object=nothing").status_code == 404
    assert site.get("admin", f"{update}&as=nobody@example.com").status_code == 404
    told = site.get("admin", f"{update}&field=pay&as={login_of('ann')}").get_json()
    assert (told["answer"], told["user"], told["roles"]) == ("no", login_of("ann"), ["rep"])
    assert "guarded" in {each["basis"] for each in told["grounds"] if each["decides"]}
    found = site.get("admin", f"{update}&as={login_of('ann')}").get_json()
    places = {each["at"] for each in found["grounds"] if each["decides"]}
    page = site.sign_in("admin").get(f"/o/note/{own}/access?as={login_of('ann')}").get_data(as_text=True)
    assert places
    assert all(place is None or re.sub(r":\d+$", "", place) in page for place in places)
    assert not [each for each in site.get("ann", update).get_json()["grounds"] if each["at"] or each["role"]]


def test_a_team_administrator_makes_users_and_gives_the_listed_roles_and_no_more(site: Served) -> None:
    sales, other = (
        site.platform.records.create(system_actor(), "team", {"name": name}).record.id for name in ("Sales", "Service")
    )
    for who, team in (("boss", sales), ("ann", sales), ("bob", other)):
        site.platform.records.update(system_actor(), "user", site.user_ids[who], {"team": team})
    listed = site.get("boss", TEAM).get_json()
    assert {each["login"] for each in listed["items"]} == {login_of("boss"), login_of("ann")}
    assert (listed["teams"], listed["roles"]) == ([{"id": sales, "title": "Sales"}], ["intern", "rep"])
    assert site.get("ann", TEAM).status_code == 403
    new = {"login": "new@example.com", "name": "New", "team": sales, "roles": ["intern"]}
    send(site, "ann", TEAM, 403, new)
    # `payer` is on the list, and gives more than who would give it holds.
    for wrong, status in (
        ({"team": other}, 403),
        ({"team": None}, 403),
        ({"roles": ["payer"]}, 403),
        ({"roles": ["administrator"]}, 403),
        ({"roles": "rep"}, 400),
        ({"login": "no address"}, 422),
    ):
        send(site, "boss", TEAM, status, {**new, **wrong})
    made = send(site, "boss", TEAM, 201, new)
    assert (made["team"], made["roles"], made["enabled"]) == ({"id": sales, "title": "Sales"}, ["intern"], True)
    send(site, "boss", TEAM, 422, new)

    def give(who: str, user: str, status: int, **body: Any) -> Any:
        return send(site, who, f"{TEAM}/{user}/roles", status, body, "PUT")

    for user in (site.user_ids["bob"], ABSENT, "x"):
        give("boss", user, 404, roles=["intern"])
    give("boss", site.user_ids["boss"], 403, roles=["intern"])
    give("boss", made["id"], 403, roles=["payer"])
    give("boss", made["id"], 400)
    give("ann", made["id"], 403, roles=[])
    given = give("boss", made["id"], 200, roles=["intern", "rep"], until=LATE)
    assert (given["roles"], list(given["role_ends"])) == (["intern", "rep"], ["rep"])
    (entry, *_older) = site.get("admin", "/audit?action=roles_set").get_json()["items"]
    assert (entry["actor"]["name"], entry["origin"]) == ("boss", "api")
    assert roles(site, "boss") == ("boss",)
    site.platform.records.update(system_actor(), "user", site.user_ids["ann"], {"team": None})


def test_who_is_logged_in_as_another_neither_asks_nor_gives(site: Served) -> None:
    browser = site.sign_in("admin")
    token = csrf_token(browser, "/inbox")
    answer = browser.post(f"/admin/users/{site.user_ids['boss']}/log-in-as", data={"csrf_token": token})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    headers = {"X-CSRFToken": csrf_token(browser, "/inbox")}
    asked = {"action": "read", "object": "note", "reason": "audit"}
    refused = [
        browser.post(f"/api/v1{path}", json=body, headers=headers)
        for path, body in ((ASKING, asked), (TEAM, {"login": "x@example.com", "roles": []}))
    ]
    assert [each.status_code for each in refused] == [403, 403]
    assert "owner's alone" in refused[0].get_json()["detail"]


def test_a_field_that_is_refused_leaves_the_same_entry_from_a_form_as_from_a_call(site: Served) -> None:
    frozen, browser = note(site, "ann", "Frozen"), site.sign_in("ann")
    form = {"version": "1", "name": "Thawed", "csrf_token": csrf_token(browser, "/inbox")}
    assert browser.post(f"/o/note/{frozen}/edit", data=form).status_code == 422
    send(site, "ann", f"/records/note/{frozen}", 422, {"name": "Thawed"}, "PATCH")
    told = site.get("admin", "/audit?action=refused&limit=2").get_json()["items"]
    assert [each["origin"] for each in told] == ["api", "page"]
    facts = [{fact["field"]: fact["new"] for fact in each["changes"]} for each in told]
    assert [(each["code"], each["field"]) for each in facts] == [("no_right", "name")] * 2
    assert [each["object"] for each in told] == ["fs_access"] * 2


def run(site: Served, *words: str, status: int = 0) -> str:
    """Call the command line over the same database; give what it says."""
    result = CliRunner().invoke(main, [*words, "--db", site.platform.settings.database_url])
    assert result.exit_code == status, result.output
    return result.output.strip()


def test_the_command_line_asks_decides_and_administrates_through_the_same_desks(site: Served) -> None:
    bob, ann, boss = (login_of(who) for who in ("bob", "ann", "boss"))
    record = note(site, "bob", "Told by a command")
    asked = ("access", "ask", "read", f"note:{record}", "--as", ann, "--reason", "terminal")
    request = run(site, *asked)
    assert run(site, *asked) == request
    assert request in run(site, "access", "list", "--as", bob)
    assert request not in run(site, "access", "list", "--as", boss)
    assert json.loads(run(site, "access", "show", request, "--as", bob, "--json"))["grants"] == ["share:read"]
    assert "would do: role:payer" in run(site, "access", "show", request)
    give = ("access", "grant", request, "share:read", "--until", LATE)
    run(site, *give, "--as", boss, status=1)
    run(site, *give[:3], "share:edit", *give[4:], status=1)
    assert site.get("ann", f"/records/note/{record}").status_code == 404
    run(site, *give, "--as", bob)
    assert site.get("ann", f"/records/note/{record}").status_code == 200
    assert f"given: share:read until {LATE[:3]}" in run(site, "access", "show", request, "--as", ann)
    other = run(site, "access", "ask", "delete", f"note:{record}", "--as", ann, "--reason", "terminal")
    run(site, "access", "refuse", other, "--answer", "keep it")
    assert "answer: keep it" in run(site, "access", "show", other, "--as", ann)
    team = site.platform.records.create(system_actor(), "team", {"name": "Terminal"}).record.id
    site.platform.records.update(system_actor(), "user", site.user_ids["boss"], {"team": team})
    add = ("users", "add", "cli@example.com", "--team", "Terminal", "--role", "intern")
    run(site, *add, "--as", ann, status=1)
    run(site, *add, "--role", "payer", "--as", boss, status=1)
    run(site, *add, "--as", boss, "--generate", status=2)
    run(site, *add, "--as", boss)
    assert set(json.loads(run(site, "users", "list", "--as", boss, "--json"))[0]) > {"login", "roles"}
    assert bob not in run(site, "users", "list", "--as", boss)
    run(site, "users", "roles", bob, "intern", "--as", boss, status=1)
    run(site, "users", "roles", "cli@example.com", "payer", "--as", boss, status=1)
    told = run(site, "users", "roles", "cli@example.com", "rep", "--until", LATE, "--as", boss)
    assert "rep until 2999-12-31T16" in told
    made = site.platform.accounts.administration.find_user("cli@example.com")
    assert (made.team_id, made.roles) == (team, ("rep",))
