"""Team administrators make users and give roles of a named list inside the own team tree, and nothing beyond."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import pytest

from engine.access.actor import system_actor
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, login_of, serve_deals

FILES = {
    "objects/note.yaml": 'object: note\ntitle: "{name}"\nfields: {name: {type: text, required: true}}\n',
    "roles/rep.yaml": "role: rep\nobjects: {note: {read: all}}\n",
    "roles/intern.yaml": "role: intern\nobjects: {note: {read: own}}\n",
    "roles/strong.yaml": "role: strong\nobjects: {note: {read: all, delete: all}}\nsystem: [view_audit]\n",
    "roles/lead.yaml": "role: lead\nincludes: [rep]\ngives: [rep, intern, strong]\n",
    "roles/boss.yaml": "role: boss\nincludes: [lead]\n",
}


@pytest.fixture
def site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("teams")
    with serve_deals(database_url, folder, app_folder=small_app(folder, FILES, name="teams")) as served:
        yield served


def team(site: Served, name: str, parent: str | None = None) -> str:
    return site.platform.records.create(system_actor(), "team", {"name": name, "parent": parent}).record.id


def put(site: Served, who: str, team_id: str, *roles: str) -> None:
    site.platform.records.update(system_actor(), "user", site.user_ids[who], {"team": team_id})
    site.platform.accounts.administration.set_roles(login_of(who), roles, by="test")


def send(site: Served, who: str, path: str, values: Mapping[str, Sequence[str]]) -> int:
    """Send a form as somebody; give the status."""
    browser = site.sign_in(who)
    return browser.post(path, data={**values, "csrf_token": csrf_token(browser, "/inbox")}).status_code


def held(site: Served) -> dict[str, tuple[str, ...]]:
    return {user.login: user.roles for user in site.platform.accounts.administration.list_users()}


@pytest.mark.promise("SEC-18")
def test_a_team_administrator_makes_users_and_gives_the_listed_roles_in_the_own_team_tree(site: Served) -> None:
    top = team(site, "Top")
    sales = team(site, "Sales", top)
    east = team(site, "East", sales)
    other = team(site, "Service", top)
    put(site, "boss", sales, "boss")  # holds `lead` by another role
    put(site, "ann", east, "intern", "strong")
    put(site, "bob", other, "rep")
    put(site, "none", top)
    page = site.sign_in("boss").get("/team/users").get_data(as_text=True)
    assert "ann@example.com" in page
    assert "bob@example.com" not in page
    assert "none@example.com" not in page
    assert set(re.findall(r'<option value="([^"]+)"', page)) == {sales, east}
    # `strong` is on the list, and gives more than who would give it holds.
    assert set(re.findall(r'name="role" value="([^"]+)"', page)) == {"rep", "intern"}
    new = {"login": "new@example.com", "name": "New", "team": east, "role": ["rep"]}
    assert send(site, "boss", "/team/users", new) == 303
    assert held(site)["new@example.com"] == ("rep",)
    made = site.platform.accounts.administration.find_user("new@example.com")
    assert (made.name, made.team_id) == ("New", east)
    # What is held beside the list stays; an end is given to what is new.
    change = {"user": site.user_ids["ann"], "role": ["rep"], "until": "2999-12-31"}
    assert send(site, "boss", "/team/users/roles", change) == 303
    assert held(site)["ann@example.com"] == ("rep", "strong")
    assert set(site.platform.accounts.administration.find_user("ann@example.com").role_ends) == {"rep"}
    entries = site.get("admin", "/audit?action=roles_set&limit=2").get_json()["items"]
    assert {each["actor"]["name"] for each in entries} == {"boss"}


@pytest.mark.promise("SEC-18")
def test_other_teams_other_roles_and_the_own_rights_are_refused(site: Served) -> None:
    sales, other = team(site, "Sales"), team(site, "Service")
    east = team(site, "East", sales)
    put(site, "boss", east, "lead")
    put(site, "ann", east, "rep")
    put(site, "bob", other, "rep")
    put(site, "none", sales)
    before = held(site)
    base = {"login": "new@example.com", "name": "New", "team": east}
    for wrong in ({"team": other}, {"team": sales}, {"team": ""}, {"team": "x"}):
        assert send(site, "boss", "/team/users", {**base, "role": ["rep"], **wrong}) == 403, wrong
    for role in ("strong", "lead", "boss", "administrator", "nothing"):
        assert send(site, "boss", "/team/users", {**base, "role": ["rep", role]}) == 403, role
        assert send(site, "boss", "/team/users/roles", {"user": site.user_ids["ann"], "role": [role]}) == 403, role
    for who, status in (("boss", 403), ("bob", 404), ("none", 404), ("admin", 404)):
        assert send(site, "boss", "/team/users/roles", {"user": site.user_ids[who], "role": ["rep"]}) == status, who
    assert send(site, "boss", "/team/users/roles", {"user": site.user_ids["ann"], "until": "1999-01-01"}) == 422
    assert send(site, "boss", "/team/users/roles", {"user": site.user_ids["ann"], "until": "soon"}) == 422
    # Who administrates nobody: neither the page nor its forms; nor the pages of all users for team administrators.
    assert site.sign_in("ann").get("/team/users").status_code == 403
    assert send(site, "ann", "/team/users", {**base, "role": ["rep"]}) == 403
    assert send(site, "ann", "/team/users/roles", {"user": site.user_ids["boss"], "role": []}) == 403
    assert site.sign_in("boss").get("/admin/users").status_code == 403
    # Somebody in no team reaches nobody.
    site.platform.records.update(system_actor(), "user", site.user_ids["boss"], {"team": None})
    assert send(site, "boss", "/team/users", {**base, "role": ["rep"]}) == 403
    assert send(site, "boss", "/team/users/roles", {"user": site.user_ids["ann"], "role": []}) == 404
    assert held(site) == before
