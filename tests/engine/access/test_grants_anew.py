"""Grants add up, denials win, and what is taken away or made anew has nothing of before: in every process at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.accounts.errors import UnknownRole
from engine.platform import Platform
from plugins.manager import PluginManager
from tests.support.platforms import settings_for, small_app
from tests.support.served import CHEAP, Served, login_of, serve_deals
from ui.app import create_app
from ui.security import WebSettings

NOTE = """
    object: note
    title: "{name}"
    fields:
      name: {type: text, required: true}
      pay: {type: integer, sensitive: true}
"""
THING = 'object: thing\ntitle: "{name}"\nfields: {name: {type: text, required: true}}\n'
READER = """
role: reader
objects: {note: {read: all}, thing: {read: all}}
fields: {note.pay: {read: yes}}
"""
FILES = {
    "objects/note.yaml": NOTE,
    "objects/thing.yaml": THING,
    "roles/base.yaml": "role: base\nobjects: {note: {read: all}, user: {read: all}}\n",
    "roles/rep.yaml": "role: rep\nincludes: [base]\nobjects: {note: {create: yes, update: own}}\n",
    "roles/boss.yaml": """
        role: boss
        includes: [base]
        objects: {note: {update: all, delete: all, export: all}, thing: {read: all}}
        system: [export]
    """,
    "roles/reader.yaml": READER,
    "roles/quiet.yaml": "role: quiet\ndeny: {note: delete, note.pay: read}\n",
}


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Served]:
    with serve_deals(database_url, tmp_path, app_folder=small_app(tmp_path / "app", FILES, name="grants")) as served:
        yield served


@contextmanager
def beside(served: Served, folder: Path) -> Iterator[Served]:
    """Open the installation a second time, as another process does; it shares nothing but the database."""
    settings = settings_for(served.platform.settings.database_url, folder)
    with closing(Platform.open(settings, plugins=PluginManager.load(environment={}), accounts=CHEAP)) as platform:
        app = create_app(platform, WebSettings(secret_key="s" * 40))
        yield Served(platform, app, served.tokens, served.user_ids)


def publish(served: Served, folder: Path, **changed: str | None) -> None:
    """Publish the app with some role or object files changed; None = without it."""
    files = {**FILES, **{f"{name.replace('__', '/')}.yaml": text for name, text in changed.items() if text}}
    gone = {f"{name.replace('__', '/')}.yaml" for name, text in changed.items() if text is None}
    app = small_app(folder, {path: text for path, text in files.items() if path not in gone}, name="grants")
    served.platform.apply_release([app], author="test")
    served.platform.releases.refresh()


def set_roles(served: Served, who: str, *roles: str) -> None:
    served.platform.accounts.administration.set_roles(login_of(who), roles, by="test")


@pytest.mark.promise("SEC-04")
def test_roles_add_up_denials_win_and_a_role_taken_away_is_gone_with_the_next_request(
    site: Served, tmp_path: Path
) -> None:
    set_roles(site, "boss", "boss")
    note = site.platform.records.create(system_actor(), "note", {"name": "a", "pay": 7}).record.id
    path = f"/records/note/{note}"

    def may(served: Served) -> tuple[int, int, int, bool]:
        """Give what creating, updating another's, deleting and reading the pay come to."""
        created = served.call("ann", "POST", "/records/note", json={"name": "n"}).status_code
        updated = served.call("ann", "PATCH", path, json={"name": "b"}).status_code
        dropped = served.call("ann", "DELETE", "/records/note/00000000-0000-7000-8000-000000000000").status_code
        return created, updated, dropped, "pay" in served.get("ann", path).get_json()

    with beside(site, tmp_path) as other:
        expected = {
            (): (404, 404, 404, False),
            ("base",): (403, 403, 404, False),
            ("rep",): (201, 403, 404, False),
            ("rep", "boss"): (201, 200, 404, False),
            ("rep", "boss", "reader"): (201, 200, 404, True),
            ("rep", "boss", "reader", "quiet"): (201, 200, 404, False),
        }
        # Up and down again: each step is there for the next request of either process, whoever made it.
        for number, roles in enumerate((*expected, *reversed(expected))):
            set_roles(site if number % 2 else other, "ann", *roles)
            assert [may(served) for served in (other, site)] == [expected[roles]] * 2, roles
        browsers = [served.sign_in("ann") for served in (site, other)]
        for roles, status in ((("boss",), 200), (("rep",), 404)):
            set_roles(site, "ann", *roles)
            assert [browser.get("/o/thing").status_code for browser in browsers] == [status] * 2


@pytest.mark.promise("SEC-04")
def test_a_cycle_of_includes_is_refused(site: Served, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="roles include each other in a circle: base → rep → base"):
        publish(site, tmp_path / "circle", roles__base="role: base\nincludes: [rep]\n")
    assert site.platform.releases.current().number == 1


@pytest.mark.promise("SEC-04")
def test_a_role_made_anew_under_an_old_name_is_held_by_nobody(site: Served, tmp_path: Path) -> None:
    set_roles(site, "ann", "rep", "reader")
    thing = site.platform.records.create(system_actor(), "thing", {"name": "a"}).record.id
    with beside(site, tmp_path) as other:
        assert other.get("ann", f"/records/thing/{thing}").status_code == 200
        publish(site, tmp_path / "without", roles__reader=None)
        with pytest.raises(UnknownRole):
            set_roles(site, "ann", "reader")
        publish(site, tmp_path / "again", roles__reader=READER)
        other.platform.releases.refresh()
        assert [each.get("ann", f"/records/thing/{thing}").status_code for each in (site, other)] == [404, 404]
        assert site.platform.accounts.administration.find_user(login_of("ann")).roles == ("rep",)
    (lost,) = site.get("admin", "/audit?action=roles_lost").get_json()["items"]
    assert lost["record"]["id"] == site.user_ids["ann"]
    assert "reader" in str(lost["changes"])


@pytest.mark.promise("SEC-04")
def test_an_object_or_a_field_made_anew_has_no_grant_of_before(site: Served, tmp_path: Path) -> None:
    set_roles(site, "boss", "boss", "reader")
    administration = site.platform.accounts.administration
    login, kept, lost = login_of("boss"), {"note:read", "thing:read"}, {"thing:read"}
    site.tokens["kept"], site.tokens["lost"] = (
        administration.create_token(login, name="t", scopes=scopes) for scopes in (kept, lost)
    )
    assert [site.get(token, "/records/thing").status_code for token in ("kept", "lost")] == [200, 200]
    bare = "role: boss\nobjects: {note: {read: all}}\n"
    # Grants on what is no more are refused: they cannot wait for the name to come back.
    with pytest.raises(Exception, match="'thing' is not an object"):
        publish(site, tmp_path / "left", objects__thing=None, roles__boss=bare)
    with pytest.raises(Exception, match="'pay' is not a field of note"):
        publish(site, tmp_path / "field", objects__note=NOTE.replace("pay: {", "rank: {"))
    note = NOTE.replace("      pay: {type: integer, sensitive: true}\n", "")
    quiet = "role: quiet\ndeny: {note: delete}\n"
    changed = {"roles__boss": bare, "roles__reader": "role: reader\nobjects: {note: {read: all}}\n"}
    publish(site, tmp_path / "gone", objects__thing=None, objects__note=note, roles__quiet=quiet, **changed)
    publish(site, tmp_path / "anew", roles__reader=changed["roles__reader"])
    thing = site.platform.records.create(system_actor(), "thing", {"name": "new"}).record.id
    note_id = site.platform.records.create(system_actor(), "note", {"name": "new", "pay": 5}).record.id
    assert site.get("boss", f"/records/thing/{thing}").status_code == 200  # by the role that grants it now
    assert "pay" not in site.get("boss", f"/records/note/{note_id}").get_json()
    assert site.get("kept", "/records/thing").status_code in (403, 404)
    assert site.get("kept", "/records/note").status_code == 200
    assert site.get("lost", "/records/thing").status_code == 401


@pytest.mark.promise("SEC-04")
def test_a_user_made_anew_under_an_old_address_has_nothing_of_the_one_before(site: Served) -> None:
    records, administration = site.platform.records, site.platform.accounts.administration
    set_roles(site, "ann", "rep", "boss")
    browser = site.sign_in("ann")
    assert browser.get("/o/note").status_code == 200
    records.delete(system_actor(), "user", site.user_ids["ann"])
    assert browser.get("/o/note").status_code == 401
    assert site.get("ann", "/records/note").status_code == 401
    anew = administration.create_user(system_actor(), login_of("ann"), password="another long password")
    assert anew != site.user_ids["ann"]
    assert administration.find_user(login_of("ann")).roles == ()
    assert site.sign_in("ann", "another long password").get("/o/note").status_code == 404
    assert site.get("ann", "/records/note").status_code == 401
